# The suite on a machine without ROS: ROS 2 Kilted comes as Python wheels. How to build and run it: docs/container.md.
FROM debian:bookworm-slim

RUN apt-get update \
 && apt-get install -y --no-install-recommends bash ca-certificates g++ git make python3 python3-dev python3-venv \
 && rm -rf /var/lib/apt/lists/*

# Whoever shares /dev/shm with other programs must be the same user as they: docker build --build-arg UID=$(id -u)
ARG UID=1000
RUN useradd --create-home --uid "$UID" robot \
 && install -d -o robot -m 700 /home/robot/.local/share/opendr_perception /home/robot/opendr_perception \
 && chown -R robot /home/robot/.local
USER robot
WORKDIR /home/robot/opendr_perception
COPY --chown=robot . .
RUN make models

ENTRYPOINT ["bash", "-c", ". ./env.sh && exec opendr-perception \"$@\"", "opendr-perception"]
CMD ["--help"]
