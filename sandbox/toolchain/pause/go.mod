module dask/sandbox/pause

go 1.24
