// The magic block by which PostgreSQL knows the module.
#include "pg/compat.hpp"

extern "C" {
PG_MODULE_MAGIC;
}
