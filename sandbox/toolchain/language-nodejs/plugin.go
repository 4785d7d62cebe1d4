package main

import (
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type output = grpc.ServerStreamingServer[pulumirpc.RunPluginResponse]

// RunPlugin runs a policy pack until the engine has no more need of it.
func (*host) RunPlugin(request *pulumirpc.RunPluginRequest, stream output) error {
	if request.GetKind() != "analyzer" {
		return status.Errorf(codes.Unimplemented, "plugins of kind %s are not run here", request.GetKind())
	}
	arguments := append(request.GetArgs(), ".")
	command, err := commandOf(stream.Context(), request.GetInfo(), nil, "run-policy-pack", arguments...)
	if err != nil {
		return err
	}
	command.Env = request.GetEnv()
	var sending sync.Mutex
	send := func(response *pulumirpc.RunPluginResponse) error {
		sending.Lock()
		defer sending.Unlock()
		return stream.Send(response)
	}
	command.Stdout = writer(func(text []byte) error {
		return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: text}})
	})
	command.Stderr = writer(func(text []byte) error {
		return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: text}})
	})
	if err := command.Run(); command.ProcessState == nil {
		return err
	}
	code := int32(command.ProcessState.ExitCode())
	return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: code}})
}

// writer passes on what a program prints.
type writer func(text []byte) error

func (write writer) Write(text []byte) (int, error) {
	return len(text), write(text)
}
