module dask/sandbox/traefik

go 1.23

require github.com/traefik/traefik/v3 v3.3.5
