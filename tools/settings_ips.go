package tools

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

const allowedIPsPath = "/get/allowed_ips"

var settingsAllowedIPs = &operation.Operation{
	Path:     "settings allowed-ips",
	Summary:  "Show the IP addresses allowed to call the gateway",
	Help:     "Without a list, every address may.",
	Examples: []string{"settings allowed-ips"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[struct{}]{Method: "GET", Path: allowedIPsPath},
	Columns:  []operation.Column{{Name: "allowed_ips", Field: "data"}},
}

type allowedIP struct {
	IP string `json:"ip" jsonschema:"required" help:"IP address; no ranges" cli:"arg=1"`
}

var settingsAllowedIPAdd = &operation.Operation{
	Path:     "settings allowed-ips-add",
	Summary:  "Allow an IP address to call the gateway",
	Help:     "The first address shuts out all others. Add your own first.",
	Examples: []string{"settings allowed-ips-add 203.0.113.7"},
	Effect:   operation.Destructive,
	Consent: operation.Consent{
		Ask: func(ctx context.Context, call *operation.Call) (string, error) {
			allowed, err := allowedIPs(ctx, call)
			question := "Let " + operation.NameList(call.Arg("ip")) + " call the gateway? "
			if len(allowed) == 0 {
				return question + "It is the first address in the list, so every other one is shut out at once.", err
			}
			return question + "These may already: " + operation.NameList(operation.Encode(allowed)) + ".", err
		},
		Sensitive: func(ctx context.Context, call *operation.Call) ([]string, error) {
			return []string{"changes which IP addresses may call the gateway"}, nil
		},
	},
	Checks: []operation.Check{func(ctx context.Context, call *operation.Call) error {
		ip := call.Args().String("ip")
		if _, err := netip.ParseAddr(ip); err != nil {
			return operation.Usage("{ip}: " + operation.Name(ip) + " is not an IP address. The gateway would accept the text, but it could never match. Nothing was sent")
		}
		allowed, err := allowedIPs(ctx, call)
		if err != nil {
			return err
		}
		return keepsCaller(ctx, call, append(slices.Clone(allowed), ip))
	}},
	Do:   operation.Endpoint[allowedIP]{Method: "POST", Path: "/add/allowed_ip", Fixed: true},
	Done: "allowed IP address {ip}",
}

var settingsAllowedIPDelete = &operation.Operation{
	Path:     "settings allowed-ips-delete",
	Summary:  "Shut out an IP address from the gateway",
	Help:     "To delete the last one, use {op:settings allowed-ips-reset}.",
	Examples: []string{"settings allowed-ips-delete 203.0.113.7"},
	Effect:   operation.Destructive,
	Consent: ask(func(_ context.Context, call *operation.Call) (string, error) {
		return "Shut out IP address " + operation.NameList(call.Arg("ip")) + "? Its calls are refused.", nil
	}),
	Checks: []operation.Check{func(ctx context.Context, call *operation.Call) error {
		allowed, err := allowedIPs(ctx, call)
		if err != nil {
			return err
		}
		ip := call.Args().String("ip")
		if !slices.Contains(allowed, ip) {
			return &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "IP address " + operation.Name(ip) + " is not in the list; nothing was sent", Hint: "{op:settings allowed-ips} shows the list"}
		}
		rest := without(allowed, []string{ip})
		if len(rest) == 0 {
			return operation.Usage("{ip}: " + operation.Name(ip) + " is the only address in the list; without it, nobody could call the gateway. Use {op:settings allowed-ips-reset} to let every address in. Nothing was sent")
		}
		return keepsCaller(ctx, call, rest)
	}},
	Do:   operation.Endpoint[allowedIP]{Method: "POST", Path: "/delete/allowed_ip", Fixed: true},
	Done: "shut out IP address {ip}",
}

var settingsAllowedIPReset = &operation.Operation{
	Path:     "settings allowed-ips-reset",
	Summary:  "Let every IP address call the gateway again",
	Help:     "Needs LiteLLM 1.110 or later.",
	Examples: []string{"settings allowed-ips-reset --yes"},
	Effect:   operation.Destructive,
	Sends:    []string{"POST /config/field/delete"},
	Consent: operation.Consent{Sweeping: true,
		Ask: func(ctx context.Context, call *operation.Call) (string, error) {
			allowed, err := allowedIPs(ctx, call)
			if len(allowed) == 0 {
				return "Let every IP address call the gateway? There is no list, so every address may call already.", err
			}
			return "Let every IP address call the gateway? The list of allowed addresses is deleted: " + operation.NameList(operation.Encode(allowed)) + ".", err
		},
		Sensitive: func(context.Context, *operation.Call) ([]string, error) {
			return []string{"opens the gateway to every IP address"}, nil
		},
	},
	Do: operation.Func[struct{}](func(ctx context.Context, call *operation.Call, _ struct{}) (operation.Result, error) {
		_, err := call.Write(ctx, "POST", "/config/field/delete", map[string]string{"field_name": "allowed_ips", "config_type": "general_settings"})
		if e := operation.AsError(err); e != nil && e.Status == http.StatusBadRequest && strings.Contains(e.Message, "Invalid field") {
			e.Message = "this gateway cannot delete its list of IP addresses; that needs LiteLLM 1.110 or later"
		}
		if err != nil || call.Planning() {
			return operation.Result{}, err
		}
		body, err := call.Read(ctx, proxyclient.Request{Path: allowedIPsPath})
		return operation.Result{Body: body}, err
	}),
	Verify: func(_ context.Context, _ *operation.Call, result *operation.Result) error {
		if operation.NoNull(operation.Lookup(result.Body, "data")) != nil {
			return &proxyclient.Error{Code: proxyclient.CodeNotApplied, Sent: true, Message: "the gateway accepted the request, but still has a list of IP addresses"}
		}
		return nil
	},
	Done: "every IP address may call the gateway",
}

// allowedIPs returns the list, nil if there is none.
func allowedIPs(ctx context.Context, call *operation.Call) ([]string, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: allowedIPsPath})
	return operation.Args{"data": operation.Lookup(body, "data")}.List("data"), err
}

// keepsCaller refuses a list without the caller's own address, where the gateway tells it.
func keepsCaller(ctx context.Context, call *operation.Call, allowed []string) error {
	body, err := call.Read(ctx, proxyclient.Request{Path: "/v1/mcp/network/client-ip"})
	own := operation.Word(operation.Lookup(body, "ip"))
	if _, failed := netip.ParseAddr(own); err != nil || failed != nil || len(allowed) == 0 || slices.Contains(allowed, own) {
		return nil
	}
	return operation.Usage("this would shut you out: the gateway sees your calls coming from " + own + ", which would not be in the list. Add it first. Nothing was sent")
}
