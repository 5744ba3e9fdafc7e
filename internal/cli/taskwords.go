package cli

import "strings"

// fillers are words of a question that say little about the task.
var fillers = words(`a an and any are as at be been by can could do does for from has have how i in into is it its
	me my of on one or our please should so that the their them then there these this to up want was we what when
	where which will with would you your s t more than whose much many gateway litellm proxy command find why
	not another other happen happens let make out new am`)

// phrases are words that mean something else together.
var phrases = strings.NewReplacer("openai api key", "provider credential", "openai key", "provider credential", "provider key", "provider credential",
	"tab completion", "completion install", "shell completion", "completion install", "first time", "login config", "how much did", "sum",
	"are blocked", "list", "blocked keys", "list keys", "accounting", "spend summary", "chargeback", "spend summary", "cron alert", "used budget", "are available", "list", "who changed", "audit list", "without a license", "",
	"set up", "setup", "sign in", "login", "log in", "login", "sign out", "logout", "log out", "logout",
	"turn off", "disable", "switch off", "disable", "turn on", "enable", "switch on", "enable", "get rid of", "delete", "who am i", "whoami",
	"rate limit", "limit", "api key", "key", "end user", "customer")

// taskWords are the words of the commands for what people call them. They hold no
// more than real questions needed.
var taskWords = map[string][]string{
	"401":          {"refused", "reject", "key", "doctor"},
	"403":          {"refused", "reject", "block"},
	"access":       {"onboard", "permission", "model", "allow"},
	"give":         {"allow", "add"},
	"alert":        {"email", "callback", "budget"},
	"allow":        {"permission", "add", "unblock"},
	"ban":          {"block"},
	"bill":         {"spend", "report", "cost", "summary"},
	"block":        {"reject", "state"},
	"broken":       {"doctor", "health"},
	"cap":          {"limit", "budget"},
	"charge":       {"spend", "cost"},
	"claude":       {"mcp", "assistant", "install"},
	"client":       {"customer"},
	"colleague":    {"user", "onboard", "person"},
	"compromised":  {"rotate", "block", "regenerate", "replace"},
	"connect":      {"doctor", "add", "login"},
	"cursor":       {"mcp", "install", "editor"},
	"denied":       {"refused", "reject", "explain", "block"},
	"developer":    {"user", "onboard", "person"},
	"disable":      {"block"},
	"down":         {"health", "status"},
	"empty":        {"flush"},
	"enable":       {"unblock", "install"},
	"expensive":    {"cost", "spend", "top"},
	"extend":       {"update"},
	"fired":        {"retire"},
	"gone":         {"retire", "delete"},
	"grant":        {"add"},
	"hired":        {"onboard"},
	"healthy":      {"health", "status"},
	"idle":         {"unused"},
	"invite":       {"onboard", "create"},
	"invoice":      {"spend", "report", "cost", "summary"},
	"join":         {"onboard", "member"},
	"langfuse":     {"callback"},
	"leak":         {"rotate", "regenerate", "block", "replace"},
	"leave":        {"retire", "remove"},
	"left":         {"retire"},
	"limit":        {"budget", "rate"},
	"lock":         {"block"},
	"mail":         {"email"},
	"money":        {"spend", "budget", "cost"},
	"mask":         {"guardrail", "create"},
	"most":         {"top", "rank"},
	"newcomer":     {"onboard"},
	"offboard":     {"retire"},
	"old":          {"unused", "rotate"},
	"outag":        {"health", "error"},
	"overspent":    {"budget", "spend", "top"},
	"own":          {"whoami"},
	"pay":          {"spend", "cost"},
	"people":       {"user"},
	"person":       {"user"},
	"perform":      {"health"},
	"pii":          {"guardrail", "mask"},
	"price":        {"cost"},
	"provider":     {"credential", "model"},
	"quota":        {"budget", "limit"},
	"refused":      {"reject", "explain", "block", "info"},
	"rejected":     {"refused", "explain"},
	"rename":       {"update", "alias"},
	"rotate":       {"regenerate", "replace"},
	"slow":         {"health", "log"},
	"spent":        {"spend"},
	"stop":         {"block", "delete"},
	"suspend":      {"block"},
	"swap":         {"rotate", "regenerate"},
	"transfer":     {"move"},
	"try":          {"test", "chat"},
	"unauthorized": {"refused", "doctor", "reject"},
	"unlock":       {"unblock"},
	"usage":        {"spend", "activity"},
	"used":         {"spend"},
	"vscode":       {"mcp", "install", "editor"},
	"raise":        {"update"},
	"increase":     {"update"},
	"over":         {"used"},
	"who":          {"user", "audit"},
	"fail":         {"error", "fallback"},
	"switch":       {"move", "update", "use"},
	"sso":          {"login"},
	"employee":     {"user", "person", "onboard", "retire"},
	"stolen":       {"block", "rotate", "regenerate"},
	"revoke":       {"block", "delete"},
	"setup":        {"install", "onboard", "create"},
	"work":         {"doctor", "health", "test", "check"},
	"wrong":        {"doctor", "error"},
}

// words returns a set of words.
func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(text) {
		set[word] = true
	}
	return set
}
