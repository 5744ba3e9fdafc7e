package config

import (
	"errors"
	"testing"
	"time"
)

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
		{"flags", Flags{BaseURL: "http://flag", APIKey: "sk-flag", Timeout: "90", CAFile: "flag.pem"}, env,
			Settings{BaseURL: "http://flag", BaseURLSource: "--base-url", APIKey: "sk-flag", APIKeySource: "--api-key", CAFile: "flag.pem", Timeout: 90 * time.Second}},
		{"blank variable", Flags{Timeout: "2m"}, map[string]string{URLVariable: " "}, Settings{BaseURL: DefaultURL, BaseURLSource: "the default", Timeout: 2 * time.Minute}},
	}
	for _, tt := range tests {
		got, err := Resolve(tt.flags, func(name string) string { return tt.env[name] })
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v; want %+v", tt.name, got, err, tt.want)
		}
	}
	for _, timeout := range []string{"soon", "0", "-5s"} {
		if _, err := Resolve(Flags{Timeout: timeout}, func(string) string { return "" }); err == nil {
			t.Errorf("--timeout %s was accepted", timeout)
		}
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
