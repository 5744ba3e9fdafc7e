package proxyclient

import "litellm-proxy/internal/secret"

func RedactText(s string) string                 { return secret.Text(s) }
func RedactJSON(b []byte, keep ...string) []byte { return secret.JSON(b, keep...) }
func Mask(key string) string                     { return secret.Mask(key) }
func IsSecretField(name string) bool             { return secret.IsField(name) }
