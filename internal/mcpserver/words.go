package mcpserver

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"litellm-proxy/internal/operation"
)

// maxInstructions bounds what every client pays for in each conversation.
const maxInstructions = 1500

// instructions tell an assistant how to work here. With api, it has the tools for any endpoint.
func instructions(o Options, confirm string, api bool) string {
	if broken := misconfigured(o.Faults); broken != nil {
		return faultInstructions(broken)
	}
	lines := []string{
		"These tools manage a LiteLLM gateway (proxy): models, virtual keys, users, teams, budgets, spend.",
		"- Look before you write: status shows the gateway and the key; *_list tools find things.",
		"- One argument takes a name or an ID: a key by alias or 64-digit hash (its token), a user by email, a team by alias, a model by name. Never invent one; list first.",
		"- Answers are short: left_out says what is missing, next has the arguments for more items, rest those for other parts. full: true returns all fields, fields: [\"name\"] only some. Empty fields are left out.",
		"- Money is in US dollars.",
		keyWords(o.Secrets),
	}
	if o.Note != "" {
		lines = append(lines, "- "+o.Note)
	}
	if api {
		lines = append(lines, "- If no tool fits, api_search finds any endpoint of the gateway.")
	}
	if !o.ReadOnly {
		lines = append(lines, "- Every write takes dry_run: true, which shows the requests and changes nothing.")
		if words := referenceWords(o); words != "" {
			lines = append(lines, words)
		}
		switch {
		case o.Protected != "" && confirm == confirmAlways:
			lines = append(lines, "- Profile "+o.Protected+" is protected: a person types its name before anything is changed.")
		case o.Protected != "":
			lines = append(lines, "- Profile "+o.Protected+" is protected: a person types its name before anything is changed. If the client cannot ask, ask the user yourself, then call again with confirm_profile.")
		case confirm == confirmAlways:
			lines = append(lines, "- A person is asked before something is deleted, a secret is sent somewhere, or a right or limit is raised.")
		case confirm == confirmAuto:
			lines = append(lines, "- A person is asked before something is deleted, a secret is sent somewhere, or a right or limit is raised. If the client cannot ask, ask the user yourself, then call again with confirm: true.")
		case confirm == confirmArgument:
			lines = append(lines, "- Deleting, sending a secret somewhere, and raising a right or limit need confirm: true. Without it the call only shows what it would send.")
		}
	} else {
		lines = append(lines, "- This server is read-only: it cannot change anything.")
	}
	lines = append(lines,
		"- Errors name the next step. If the outcome of a write is unknown, check before you repeat it.",
		"- Some tools may be missing: whoever runs the server selects them with --toolsets, --tools and --read-only.")
	return strings.Join(lines, "\n")
}

// mentionWords returns a function that names the operations that a text mentions by their
// tools: {op:keys list} becomes keys_list. An operation that is not offered here is named
// by its command.
func mentionWords(offered operation.Catalog) func(string) string {
	return func(text string) string {
		return operation.Mentions(text, func(path string) (string, bool) {
			if op := offered.Find(path); op != nil {
				return op.Tool(), true
			}
			return "litellm-proxy " + path + " on the command line", false
		})
	}
}

// Compiled when a server is made: the command line starts without them.
var (
	// What follows a slash is a part of a path, and stays.
	placeholder = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`/?\{([a-z][a-z0-9_]*)\}`) })
	sentenceEnd = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[.!?] +`) })
)

// maxSentences is how much of a help text every conversation pays for.
const maxSentences = 3

// describe is a tool's description: the summary and the first sentences of the
// help, arguments by their names.
func (s *Server) describe(op *operation.Operation) string {
	text := op.Summary + "."
	if op.Help != "" {
		text += " " + op.Help
	}
	text = s.withoutAbsent(text)
	if ends := sentenceEnd().FindAllStringIndex(text, -1); len(ends) >= maxSentences {
		text = text[:ends[maxSentences-1][0]+1]
	}
	return s.words(unbraced(op, text))
}

// withoutAbsent drops the sentences that mention an operation that is not offered: the
// assistant cannot follow them, and every conversation pays for them.
func (s *Server) withoutAbsent(text string) string {
	if !strings.Contains(text, "{op:") {
		return text
	}
	var kept []string
	for len(text) > 0 {
		sentence := text
		if end := sentenceEnd().FindStringIndex(text); end != nil {
			sentence = text[:end[0]+1]
		}
		if !slices.ContainsFunc(operation.Mentioned(sentence), func(path string) bool { return s.offered.Find(path) == nil }) {
			kept = append(kept, sentence)
		}
		text = strings.TrimLeft(text[len(sentence):], " ")
	}
	return strings.Join(kept, " ")
}

// unbraced is a text with the names of arguments without braces.
func unbraced(op *operation.Operation, text string) string {
	return placeholder().ReplaceAllStringFunc(text, func(braced string) string {
		if braced[0] == '/' {
			return braced
		}
		return op.PublicName(braced[1 : len(braced)-1])
	})
}

// settings are the words for what the caller of a tool cannot give as an
// argument. %s is how this caller gives its key.
var settings = map[string]string{
	"base_url":     "the gateway's address (LITELLM_PROXY_URL, set by the person who runs this server)",
	"ca_file":      "the CA file (set by the person who runs this server)",
	"client_cert":  "the client certificate (set by the person who runs this server)",
	"client_key":   "the client key (set by the person who runs this server)",
	"key_header":   "the key's header (set by the person who runs this server)",
	"extra_header": "an extra header (set by the person who runs this server)",
	"timeout":      "--timeout (set by the person who runs this server)",
	"api_key":      "%s",
	"login":        "ask the user to run litellm-proxy login",
}

// note is a note in the words of this surface.
func (c *call) note(text string) string { return c.s.reword(c.op, c.caller, text) }

// reword puts what this caller would write in the place of {name}: an argument's
// name, a tool's, or who sets the setting.
func (s *Server) reword(op *operation.Operation, c *caller, text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	text = s.words(text)
	fields := op.Fields()
	return placeholder().ReplaceAllStringFunc(text, func(braced string) string {
		if braced[0] == '/' {
			return braced
		}
		name := braced[1 : len(braced)-1]
		if i := slices.IndexFunc(fields, func(f operation.Field) bool { return f.Name == name || f.Property == name }); i >= 0 {
			return fields[i].Property
		}
		if setting, ok := settings[name]; ok {
			if name == "api_key" {
				return fmt.Sprintf(setting, c.keySetting())
			}
			return setting
		}
		return name
	})
}
