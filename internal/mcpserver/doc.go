// Package mcpserver offers the operations of package tools as tools of the Model
// Context Protocol, over stdio, streamable HTTP and server-sent events.
//
// Start with [New]; then [Server.ServeStdio] or [Server.ServeHTTP]. Everything
// about a tool is derived from its operation; this package adds the arguments
// dry_run, confirm, full, fields and cursor, the words that an assistant needs, and
// the guards of the transports.
//
// What is promised:
//
//   - Arguments are worked on as the bytes that came; text in them is text.
//   - A write that destroys something, or that makes the gateway read its own
//     environment, is confirmed as [Options.Confirm] says before anything is sent.
//   - Over HTTP a call uses the credential of its own request, and a session
//     belongs to the credential that opened it. A key that the gateway does not
//     know opens none.
//   - A session of streamable HTTP is its identifier and nothing in memory: see
//     ticket.go. With [Options.StateKeyFile] it outlasts the process, and so does the
//     question to a client of 2026-07-28; with [HTTPOptions.Stateless] each request may
//     reach another process.
//   - What HTTP clients can hold is bounded: streams, calls and the bytes of requests.
//     One that does not read its answers is disconnected.
//   - The text of an answer and its structured content say the same, each in at most
//     16 KB, for Codex 11 KB; with full, a message stays below 1 MiB. What is left out is counted and can
//     be read on, without repeating a write: see reply.go and cursor.go. The gateway's
//     answers share a budget of memory until their results have left: a large one waits
//     for the one before.
//   - What the caller can act on is a tool result with isError, or the error of a
//     resource; other protocol errors are faults of the request in our words, or of
//     this program, and those say nothing but "internal error".
//   - A resource is the answer of a tool that is offered: nothing else can be read.
//   - An event stream says that it is one, and is never silent for more than 20 s.
//   - Headers of a request narrow the tools that it may list and call; they never add
//     one.
//   - With an audit log, each call is in it, and each write before it is sent; a write
//     that the log cannot be told is refused.
//   - A secret that a call names by reference is put into the request as it is sent, and is
//     in nothing that is shown. A new key that goes to a file is in no answer.
//   - A request's ID and its progress token come back byte for byte: the library never
//     sees them. See incoming.go.
//   - A call ends within 45 s, or goes on and tells its client so every 10 s.
//   - A canceled request gets no answer. Every other one gets one, a shutdown included:
//     what was not sent, and what may have been applied, is said.
//   - stdout carries protocol messages alone.
//
// mcp-go is used for the protocol (versions, dispatch, streamable HTTP). Its stdio
// loop is not: that one keeps its session in a global, loses answers at the end of the
// input, and repeats the text of a panic to the client. Nor is its SSE transport, which
// starts goroutines without limit for a client that does not read, nor what it knows of
// request IDs, cancellation and subscriptions.
package mcpserver
