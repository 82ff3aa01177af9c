# Source this from bash (`. env.sh`): the built package on top of ROS 2 from the wheels in .venv.

if [ -n "$ROS_DISTRO" ]; then
  echo "env.sh: ROS 2 $ROS_DISTRO is active in this shell, and two ROS installations do not mix: use a shell without it" >&2
  return 1
fi

_root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$_root/.venv/bin/activate" || return 1
export AMENT_PREFIX_PATH=$VIRTUAL_ENV CMAKE_PREFIX_PATH=$VIRTUAL_ENV
if [ -f "$_root/install/setup.bash" ]; then
  . "$_root/install/setup.bash"
fi

# Fast DDS does not carry images between processes without help (the profile says why); a choice of the user's is kept.
if [ -z "$FASTDDS_DEFAULT_PROFILES_FILE$FASTRTPS_DEFAULT_PROFILES_FILE$FASTDDS_BUILTIN_TRANSPORTS" ]; then
  export FASTDDS_DEFAULT_PROFILES_FILE=$_root/install/opendr_perception/share/opendr_perception/config/fastdds.xml
fi
unset _root
