// Package proxyclient is the client of a LiteLLM gateway, usable on its own as
// a library. It knows how to ask (authentication, paths, time limits, retries,
// redirects) and how to read what comes back (errors, JSON, streams); which
// endpoints there are is the business of its callers.
//
// Start with [New], then [Client.JSON] for an ordinary call, [Client.Do] for the
// raw answer, and [Client.Stream] for a chat answer as it is written.
//
// What is promised:
//
//   - A write is on the wire at most once. Only a [Request] marked Read is sent
//     again after a failure or follows a redirect, and that only within the
//     gateway's own scheme, host and port.
//   - Every error is an [*Error] with a [Code]; one table says which answer of the
//     gateway means what. A write whose answer was lost has [CodeUnknownOutcome].
//   - No error, debug line or recorded request holds a secret: what counts as one
//     is decided by internal/secret.
//   - Memory is bounded, whatever the gateway sends: an answer by
//     [Config.MaxBytes], a stream's event by 1 MiB.
//   - A value in a path is one segment, whatever is in it: arguments may come from
//     a language model.
//   - The only credential used is the one given: no netrc, no cookies, and none
//     out of a URL. Proxies are taken from the environment as net/http does.
//
// Hints name settings and arguments in braces, {base_url}, {api_key}, {ca_file},
// {client_cert}, {key_header}, {extra_header}, {timeout}, {login}, {key_alias}, so that a
// command line can write a flag or a command there, and an assistant's tool an argument or
// what to ask the user.
package proxyclient
