package plural

import "testing"

func TestCount(t *testing.T) {
	for _, tt := range []struct {
		n    int
		noun string
		want string
	}{
		{0, "key", "0 keys"}, {1, "key", "1 key"}, {2, "key", "2 keys"}, {2, "policy", "2 policies"}, {1, "IP address", "1 IP address"},
		{3, "IP address", "3 IP addresses"}, {2, "more failure", "2 more failures"},
	} {
		if got := Count(tt.n, tt.noun); got != tt.want {
			t.Errorf("Count(%d, %q) = %q, want %q", tt.n, tt.noun, got, tt.want)
		}
	}
}

func TestSingular(t *testing.T) {
	for word, want := range map[string]string{"keys": "key", "policies": "policy", "status": "status", "access": "access", "health": "health"} {
		if got := Singular(word); got != want {
			t.Errorf("Singular(%q) = %q, want %q", word, got, want)
		}
	}
}
