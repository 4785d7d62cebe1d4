package main

import (
	"io"
	"log"
	"net"
)

// forward passes TCP connections on until it is stopped.
func forward(listen, to string) error {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	for {
		from, err := listener.Accept()
		if err != nil {
			return err
		}
		go relay(from.(*net.TCPConn), to)
	}
}

func relay(from *net.TCPConn, to string) {
	defer from.Close()
	target, err := net.Dial("tcp", to)
	if err != nil {
		log.Print(err)
		return
	}
	server := target.(*net.TCPConn)
	defer server.Close()
	done := make(chan struct{})
	go func() {
		io.Copy(server, from)
		server.CloseWrite()
		close(done)
	}()
	io.Copy(from, server)
	from.CloseWrite()
	<-done
}
