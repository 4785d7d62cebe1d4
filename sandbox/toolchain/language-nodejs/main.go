// Command pulumi-language-nodejs runs Node.js programs and policy packs for the engine where the genuine language host is
// not to be had: no registry serves that one. It starts the SDK's own commands as the genuine one does and knows nothing
// else: no `pulumi install`, no dependencies, no debugger.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(400 << 20))
	pulumirpc.RegisterLanguageRuntimeServer(server, &host{})
	// What the engine waits for.
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go endWithEngine(os.Getppid())
	if err := server.Serve(listener); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// endWithEngine ends this process when the engine has gone without ending it; the program ends on its closed connection.
func endWithEngine(engine int) {
	for os.Getppid() == engine {
		time.Sleep(time.Second)
	}
	os.Exit(1)
}

type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
}

func (*host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{}, nil
}

// The engine looks for a provider when the program registers the first resource of it.
func (*host) GetRequiredPackages(
	context.Context, *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

// The SDK's exit code of a program whose error it has told the engine itself.
const errorWasTold = 32

func (*host) Run(ctx context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	command, err := program(ctx, request)
	if err != nil {
		return nil, err
	}
	err = command.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case errors.As(err, &exit) && exit.ExitCode() == errorWasTold:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case errors.As(err, &exit):
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("Program exited with code %d", exit.ExitCode())}, nil
	}
	return nil, err
}

// program is the command that runs a program, with the options of its Pulumi.yaml.
func program(ctx context.Context, request *pulumirpc.RunRequest) (*exec.Cmd, error) {
	info := request.GetInfo()
	options := info.GetOptions().AsMap()
	command, err := commandOf(ctx, info, nodeArguments(options), "run",
		"--monitor="+request.GetMonitorAddress(),
		"--engine="+engineOf(request),
		"--organization="+request.GetOrganization(),
		"--project="+request.GetProject(),
		"--stack="+request.GetStack(),
		"--pwd="+info.GetProgramDirectory(),
		"--parallel="+strconv.Itoa(int(request.GetParallel())),
		"--dry-run="+strconv.FormatBool(request.GetDryRun()),
		info.GetEntryPoint())
	if err != nil {
		return nil, err
	}
	config, err := json.Marshal(request.GetConfig())
	if err != nil {
		return nil, err
	}
	secretKeys, err := json.Marshal(append([]string{}, request.GetConfigSecretKeys()...))
	if err != nil {
		return nil, err
	}
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.Env = append(os.Environ(),
		"PULUMI_CONFIG="+string(config),
		"PULUMI_CONFIG_SECRET_KEYS="+string(secretKeys),
		"PULUMI_NODEJS_TYPESCRIPT="+typescript(options))
	return command, nil
}

// commandOf runs one of the SDK's own commands in the folder of a program.
func commandOf(
	ctx context.Context, info *pulumirpc.ProgramInfo, nodeArguments []string, name string, arguments ...string,
) (*exec.Cmd, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, err
	}
	path, err := pathOf(info, name)
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, node, append(append(nodeArguments, path), arguments...)...)
	command.Dir = info.GetProgramDirectory()
	return command, nil
}

// pathOf is where one of the SDK's own commands lies: in a folder's packages or those of a folder above it.
func pathOf(info *pulumirpc.ProgramInfo, name string) (string, error) {
	program := info.GetProgramDirectory()
	for folder := program; ; folder = filepath.Dir(folder) {
		command := filepath.Join(folder, "node_modules", "@pulumi", "pulumi", "cmd", name)
		if _, err := os.Stat(command); err == nil {
			return command, nil
		}
		if folder == filepath.Dir(folder) {
			return "", fmt.Errorf("%s has no @pulumi/pulumi: run npm ci", program)
		}
	}
}

func nodeArguments(options map[string]any) []string {
	arguments, _ := options["nodeargs"].(string)
	return strings.Fields(arguments)
}

func typescript(options map[string]any) string {
	if on, given := options["typescript"].(bool); given {
		return strconv.FormatBool(on)
	}
	return "true"
}

// engineOf is the engine's address: its last argument to this program, and to the run of one that is attached to.
func engineOf(request *pulumirpc.RunRequest) string {
	if arguments := request.GetArgs(); len(arguments) > 0 {
		return arguments[0]
	}
	return os.Args[len(os.Args)-1]
}
