# find_package(procgraph): the target procgraph::sdk, which a node links.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
include(${CMAKE_CURRENT_LIST_DIR}/procgraph-targets.cmake)
