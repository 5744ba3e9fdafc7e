package cli_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// documents reads a file of docs/deploy.
func documents(t *testing.T, file string) (all []map[string]any) {
	t.Helper()
	b, err := os.ReadFile("../../docs/deploy/" + file)
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(b))
	for {
		var document map[string]any
		switch err := decoder.Decode(&document); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, document)
	}
}

// at is what stands at a path of names in a document, or nil. A name of a list is that of
// its first item.
func at(value any, names ...string) any {
	for _, name := range names {
		if list, is := value.([]any); is && len(list) > 0 {
			value = list[0]
		}
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// deployed checks the arguments of a deployed server against the command itself, and
// returns their values.
func deployed(t *testing.T, args any) map[string]string {
	t.Helper()
	list, _ := args.([]any)
	var words []string
	flags := map[string]string{}
	for _, arg := range list {
		word, _ := arg.(string)
		words = append(words, word)
		if name, value, _ := strings.Cut(word, "="); strings.HasPrefix(name, "--") {
			flags[name] = value
		}
	}
	if len(words) == 0 || words[0] != "mcp" {
		t.Fatalf("it does not run mcp: %q", words)
	}
	if status, help, stderr := run(t, "http://localhost:1", "", append(words, "--help")...); status != 0 || !strings.Contains(help, "litellm-proxy mcp") {
		t.Errorf("the command does not take %q: %s", words, stderr)
	}
	if _, stateless := flags["--stateless"]; !stateless || flags["--transport"] != "http" {
		t.Errorf("it is not for replicas: %q", words)
	}
	return flags
}

// TestDeployments: the manifests in docs/deploy start the command with flags that it has,
// and what belongs together in them fits.
func TestDeployments(t *testing.T) {
	kinds := map[string]any{}
	for _, document := range documents(t, "kubernetes.yaml") {
		kinds[document["kind"].(string)] = document
	}
	spec := at(kinds["Deployment"], "spec")
	pod := at(spec, "template", "spec")
	server := at(pod, "containers")
	flags := deployed(t, at(server, "args"))
	if mount, _ := at(server, "volumeMounts", "mountPath").(string); path.Dir(flags["--state-key-file"]) != mount || at(pod, "volumes", "secret") == nil {
		t.Errorf("the key file %s is not in the secret at %s", flags["--state-key-file"], mount)
	}
	if port, _ := at(server, "ports", "containerPort").(int); port != 8808 || flags["--addr"] != "0.0.0.0:8808" {
		t.Errorf("port %d, address %s", port, flags["--addr"])
	}
	port := at(server, "ports", "name")
	for probe, want := range map[string]string{"livenessProbe": "/healthz", "readinessProbe": "/readyz"} {
		if p := at(server, probe, "httpGet", "path"); p != want || at(server, probe, "httpGet", "port") != port {
			t.Errorf("%s: %v", probe, at(server, probe))
		}
	}
	if at(kinds["Service"], "spec", "sessionAffinity") != "None" || at(kinds["Service"], "spec", "ports", "targetPort") != port || at(spec, "replicas") != 2 {
		t.Error("not two replicas behind a service without affinity")
	}
	// A server closes its port at SIGTERM, and endpoints are told later.
	wait, _ := at(server, "lifecycle", "preStop", "sleep", "seconds").(int)
	if grace, _ := at(pod, "terminationGracePeriodSeconds").(int); wait == 0 || grace < wait+10 {
		t.Errorf("%d s of grace, of which %d before SIGTERM", grace, wait)
	}
	for _, resource := range []any{at(server, "resources", "limits", "memory"), at(server, "resources", "requests", "cpu")} {
		if resource == nil {
			t.Error("a limit is missing")
		}
	}

	compose := documents(t, "compose.yaml")[0]
	for _, name := range []string{"mcp-1", "mcp-2"} {
		service := at(compose, "services", name)
		flags := deployed(t, at(service, "command"))
		secrets, _ := at(service, "secrets").([]any)
		if len(secrets) != 1 || flags["--state-key-file"] != "/run/secrets/"+secrets[0].(string) || at(compose, "secrets", secrets[0].(string), "file") == nil {
			t.Errorf("%s: the key file %s is not a secret", name, flags["--state-key-file"])
		}
		if balancer, _ := at(compose, "configs", "balancer", "content").(string); !strings.Contains(balancer, "server "+name+":"+strings.TrimPrefix(flags["--addr"], "0.0.0.0:")+" ") {
			t.Errorf("the balancer does not know %s", name)
		}
	}
}
