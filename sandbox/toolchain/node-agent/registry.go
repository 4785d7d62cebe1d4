package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	request = regexp.MustCompile(`^/v2/(.+)/(manifests|blobs)/([^/]+)$`)
	digest  = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

const (
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	blobType     = "application/octet-stream"
)

// registry serves images from two folders, read only: references says what exists, blobs holds it by its SHA-256.
func registry(listen, references, blobs string) error {
	return http.ListenAndServe(listen, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" {
			return
		}
		parts := request.FindStringSubmatch(r.URL.Path)
		if parts == nil {
			http.NotFound(w, r)
			return
		}
		name, kind, reference := parts[1], parts[2], parts[3]
		if !digest.MatchString(reference) {
			// containerd says in ns for which registry it asks.
			file := filepath.Join(references, filepath.Clean("/"+r.URL.Query().Get("ns")+"/"+name+"/"+reference))
			text, err := os.ReadFile(file)
			if err != nil {
				http.NotFound(w, r)
				return
			}
			reference = strings.TrimSpace(string(text))
		}
		w.Header().Set("Docker-Content-Digest", reference)
		w.Header().Set("Content-Type", map[string]string{"manifests": manifestType, "blobs": blobType}[kind])
		http.ServeFile(w, r, filepath.Join(blobs, strings.TrimPrefix(reference, "sha256:")))
	}))
}
