/*
 * base/version.h - podium's version, and the version of MLflow whose data and protocol it speaks.
 */
#ifndef PD_BASE_VERSION_H
#define PD_BASE_VERSION_H

#define PD_VERSION        "0.1.0"
#define PD_MLFLOW_VERSION "3.17.2"

#endif
