"""Random tables, in every form in which an estimator reads one."""
