# The libraries that have code of their own, under the name that the tree links: shared as Debian ships them, or within the program
# (PROCGRAPH_SELF_CONTAINED). Loading and relocating them at each start takes longer than starting a graph of two processes.
add_library(procgraph_fmt INTERFACE)
add_library(procgraph_spdlog INTERFACE)
add_library(procgraph_yaml INTERFACE)
add_library(procgraph_re2 INTERFACE)
if(PROCGRAPH_SELF_CONTAINED)
  add_library(procgraph_fmt_code STATIC ${CMAKE_CURRENT_LIST_DIR}/fmt_code.cc)
  target_link_libraries(procgraph_fmt INTERFACE procgraph_fmt_code)
  target_link_libraries(procgraph_spdlog INTERFACE procgraph_fmt)
  target_compile_definitions(procgraph_spdlog INTERFACE SPDLOG_FMT_EXTERNAL)  # header only; its own target would bring the shared fmt
  find_library(procgraph_yaml_archive libyaml-cpp.a REQUIRED)  # the imported target yaml-cpp is the shared one
  target_link_libraries(procgraph_yaml INTERFACE ${procgraph_yaml_archive})
  find_library(procgraph_re2_archive libre2.a REQUIRED)
  target_link_libraries(procgraph_re2 INTERFACE ${procgraph_re2_archive} Threads::Threads)
  add_link_options(-static-libstdc++ -static-libgcc)
else()
  target_link_libraries(procgraph_fmt INTERFACE fmt::fmt)
  target_link_libraries(procgraph_spdlog INTERFACE spdlog::spdlog)
  target_link_libraries(procgraph_yaml INTERFACE yaml-cpp)
  find_library(procgraph_re2_library re2 REQUIRED)
  target_link_libraries(procgraph_re2 INTERFACE ${procgraph_re2_library})
endif()
