# What every package of this workspace does: it generates its messages, for rclpy with Fast DDS alone.
include(${CMAKE_CURRENT_LIST_DIR}/../cmake/ros_from_wheels.cmake)

# Args: the packages whose messages are used.
macro(generate_messages)
  find_package(ament_cmake REQUIRED)
  find_package(rosidl_default_generators REQUIRED)
  foreach(dependency ${ARGN})
    find_package(${dependency} REQUIRED)
  endforeach()
  drop_missing_includes()

  # Whatever is found registers its generator. Those of C++, which nobody here needs, are dropped. Fast DDS describes types by
  # those of introspection.
  set(AMENT_EXTENSIONS_rosidl_generate_idl_interfaces "")
  foreach(generator generator_type_description generator_c typesupport_introspection_c typesupport_fastrtps_c
      typesupport_c generator_py)
    list(APPEND AMENT_EXTENSIONS_rosidl_generate_idl_interfaces
      rosidl_${generator}:rosidl_${generator}_generate_interfaces.cmake)
  endforeach()

  file(GLOB messages RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS msg/*.msg)
  rosidl_generate_interfaces(${PROJECT_NAME} ${messages} DEPENDENCIES ${ARGN})
  keep_includes_local(${PROJECT_NAME}__rosidl_generator_py)
  foreach(target typesupport_fastrtps_c typesupport_c generator_py)  # large headers are read once for all messages
    set_target_properties(${PROJECT_NAME}__rosidl_${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  endforeach()
  ament_package()
endmacro()
