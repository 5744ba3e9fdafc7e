package config

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// noFile is the configuration of somebody who has none.
func noFile() (*File, error) { return &File{}, nil }

func TestResolve(t *testing.T) {
	env := map[string]string{URLVariable: "http://env", KeyVariable: "sk-env", CAFileVariable: "env.pem"}
	tests := []struct {
		name  string
		flags Flags
		env   map[string]string
		want  Settings
	}{
		{"default", Flags{}, nil, Settings{BaseURL: DefaultURL, BaseURLSource: "the default"}},
		{"environment", Flags{}, env, Settings{BaseURL: "http://env", BaseURLSource: URLVariable, APIKey: "sk-env", APIKeySource: KeyVariable, CAFile: "env.pem"}},
		{"flags", Flags{BaseURL: "https://flag", APIKey: "sk-flag", Timeout: "90", CAFile: "flag.pem"}, env,
			Settings{BaseURL: "https://flag", BaseURLSource: "--base-url", APIKey: "sk-flag", APIKeySource: "--api-key", CAFile: "flag.pem", Timeout: 90 * time.Second}},
		{"headers", Flags{Headers: []string{"x-trace:2", "X-C: a:b"}, KeyHeader: "X-Key"}, map[string]string{HeadersVariable: "X-Tenant: emea\n\nX-Trace: 1\n", KeyHeaderVariable: "x"},
			Settings{BaseURL: DefaultURL, BaseURLSource: "the default", KeyHeader: "X-Key",
				Headers: http.Header{"X-Tenant": {"emea"}, "X-Trace": {"2"}, "X-C": {"a:b"}}}},
		{"blank variable", Flags{Timeout: "2m"}, map[string]string{URLVariable: " "}, Settings{BaseURL: DefaultURL, BaseURLSource: "the default", Timeout: 2 * time.Minute}},
	}
	for _, tt := range tests {
		got, err := Resolve(tt.flags, func(name string) string { return tt.env[name] }, noFile)
		got.Dir = ""
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, %v; want %+v", tt.name, got, err, tt.want)
		}
	}
	for _, timeout := range []string{"soon", "0", "-5s"} {
		if _, err := Resolve(Flags{Timeout: timeout}, func(string) string { return "" }, noFile); err == nil {
			t.Errorf("--timeout %s was accepted", timeout)
		}
	}
}

// TestUnfilled: a placeholder is named before anything is read, and never used as a value.
func TestUnfilled(t *testing.T) {
	for _, variable := range []string{ProfileVariable, KeyHeaderVariable, CAFileVariable, ClientCertVariable, ClientKeyVariable, FileVariable, SandboxVariable} {
		env := func(name string) string { return map[string]string{variable: "${" + variable + "}"}[name] }
		_, err := Resolve(Flags{}, env, noFile)
		if want := variable + " is the placeholder ${" + variable + "}, which nothing filled in"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", variable, err, want)
		}
	}
	for name, flags := range map[string]Flags{"--profile": {Profile: "<PROFILE>"}, "--ca-file": {CAFile: "$CA"}, "--timeout": {Timeout: "%T%"}} {
		if _, err := Resolve(flags, func(string) string { return "" }, noFile); err == nil || !strings.HasPrefix(err.Error(), name+" is the placeholder") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEmptyURL: a variable that expanded to nothing does not send the key to the default
// address.
func TestEmptyURL(t *testing.T) {
	none := func(string) string { return "" }
	if _, err := Resolve(Flags{EmptyURL: true, APIKey: "sk-x"}, none, noFile); err == nil || !strings.Contains(err.Error(), URLVariable+" is set but empty") {
		t.Errorf("with a key: %v", err)
	}
	profile := func() (*File, error) {
		return Parse("config.yaml", []byte("current: a\nprofiles: {a: {base_url: 'http://gw'}}\n"))
	}
	for name, f := range map[string]func() (Settings, error){
		"no key": func() (Settings, error) { return Resolve(Flags{EmptyURL: true}, none, noFile) },
		"a flag": func() (Settings, error) {
			return Resolve(Flags{EmptyURL: true, APIKey: "x", BaseURL: "http://gw"}, none, noFile)
		},
		"a profile": func() (Settings, error) { return Resolve(Flags{EmptyURL: true, APIKey: "x"}, none, profile) },
		"sandbox": func() (Settings, error) {
			return Resolve(Flags{EmptyURL: true, APIKey: "x", Sandbox: true}, none, noFile)
		},
	} {
		if _, err := f(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFlagsThatDoNothing: a flag without an effect on this gateway is refused; a variable
// is for all gateways that a person works with.
func TestFlagsThatDoNothing(t *testing.T) {
	none := func(string) string { return "" }
	for name, flags := range map[string]Flags{
		"a CA without TLS":          {BaseURL: "http://gw", CAFile: "ca.pem"},
		"a certificate without TLS": {ClientCert: "cert.pem"},
		"a header in the sandbox":   {Sandbox: true, Headers: []string{"X-A: b"}},
		"a header without a value":  {Headers: []string{"hunter2secret"}},
	} {
		if _, err := Resolve(flags, none, noFile); err == nil || strings.Contains(err.Error(), "hunter2secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	env := map[string]string{CAFileVariable: "ca.pem", ClientCertVariable: "cert.pem", HeadersVariable: "X-A: b", KeyHeaderVariable: "X-Key"}
	if _, err := Resolve(Flags{Sandbox: true}, func(name string) string { return env[name] }, noFile); err != nil {
		t.Error(err)
	}
}

func TestPerson(t *testing.T) {
	getenv := func(string) string { return "ann" }
	if got := Person(getenv, func() (string, error) { return "desk", nil }); got != "ann@desk" {
		t.Errorf("got %q, want ann@desk", got)
	}
	if got := Person(getenv, func() (string, error) { return "", errors.New("no name") }); got != "ann" {
		t.Errorf("got %q, want ann", got)
	}
}
