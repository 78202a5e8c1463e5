#ifndef SLUICE_CSCANNING_H
#define SLUICE_CSCANNING_H
#include <stddef.h>
#include <stdint.h>
#include "csv_scan.h"
#endif
