package nearest

import "testing"

func TestName(t *testing.T) {
	names := []string{"base_url", "team", "teams", "api_key"}
	for name, want := range map[string]string{"base_ulr": "base_url", "Team": "team", "teamz": "team", "TEAMSS": "teams", "nothing": "", "": ""} {
		if got := Name(name, names, Limit(name)); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	if got := Name("api_kez", names, 1); got != "" {
		t.Errorf("beyond the limit: %q", got)
	}
}
