package tools

import (
	"context"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// The gateway decodes a path before it routes it, so that most routes cannot carry a name
// with a slash. Items with such a name are read and changed another way if there is one, and
// not created otherwise.

// outOfReach reports whether a route cannot carry a name in this parameter.
func outOfReach(path, parameter, name string) bool {
	return proxyclient.CheckPath(path, parameter, name) != nil
}

// reachable returns a check that refuses a name that the gateway's route could not address
// later. argument is the caller's argument for the name, and of reads it.
func reachable(path, parameter, argument string, of func(operation.Args) string) operation.Check {
	return func(_ context.Context, call *operation.Call) error {
		name := of(call.Body())
		if name == "" || !outOfReach(path, parameter, name) {
			return nil
		}
		return &proxyclient.Error{Code: proxyclient.CodeUsage, Param: argument,
			Message: "{" + argument + "}: the gateway's routes cannot carry " + operation.Name(name) + ", so it could not be changed or deleted later",
			Hint:    "choose a name without a slash"}
	}
}

// argument returns a reader of one argument, for [reachable].
func argument(name string) func(operation.Args) string {
	return func(args operation.Args) string { return args.String(name) }
}
