module dask/sandbox/tofu

go 1.26.6

require github.com/opentofu/opentofu v1.12.6
