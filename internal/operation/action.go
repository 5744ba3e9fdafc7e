package operation

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"litellm-proxy/proxyclient"
)

// Action is how an operation is done: an [Endpoint], a [List] or a [Func].
type Action interface {
	// Input is the struct that describes the arguments: schema, flags and help
	// are made from it.
	Input() reflect.Type
	// Run does it. The arguments are valid. Callers use [Invoke].
	Run(context.Context, Env, Args) (Result, error)
}

// Env is what a surface gives an operation for one call.
type Env struct {
	// Client is the caller's own.
	Client *proxyclient.Client
	// Progress is told how far a long operation is; nil: nobody watches.
	Progress func(done, total int)
	// Delta is given the words of a streamed answer as they come; nil: not
	// streaming.
	Delta func(text string)
	// Now is the clock; nil: the real one.
	Now func() time.Time
	// Confirm is asked before an operation that destroys something; an error
	// ends the call with nothing sent. nil: no question.
	Confirm func(ctx context.Context, op *Operation, args Args) error

	// Of this call, set by Invoke and Plan.
	op     *Operation
	effect Effect
	Args   Args
}

// now is the time in UTC.
func (env Env) Now() time.Time {
	if env.Now != nil {
		return env.Now().UTC()
	}
	return time.Now().UTC()
}

// body is the arguments as a request body: as they came, the extra fields beside
// the named ones, and what empties the fields that clear names.
func (env Env) Body() Args {
	body := Args{}
	for name, value := range env.Args {
		if name != ExtraField {
			body[name] = value
		}
	}
	env.op.cleared(env.Args, body)
	var more Args
	if json.Unmarshal(env.Args[ExtraField], &more) == nil {
		maps.Copy(body, more)
	}
	return body
}

// read sends a request that changes nothing and returns its JSON answer.
func (env Env) Read(ctx context.Context, r proxyclient.Request) (json.RawMessage, error) {
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	r.Read = true
	return env.Client.JSON(ctx, r)
}

// write sends a request that changes something, once.
func (env Env) Write(ctx context.Context, method, path string, body any) (json.RawMessage, error) {
	return env.Client.JSON(ctx, proxyclient.Request{Method: method, Path: path, Body: Encode(body)})
}

// Endpoint is an operation of one request. Path parameters are taken by their
// names from the arguments; the others go into the query of a GET or DELETE and
// into the body of everything else, but for the exceptions that Query and Body
// name.
type Endpoint[In any] struct {
	Method, Path string
	Query, Body  []string
	// Subject are the arguments of an update that say what is changed: without
	// another one it changes nothing, which is refused.
	Subject []string
	// Fixed says that the request has no further fields: there is no extra.
	Fixed bool
}

// Input implements [Action].
func (Endpoint[In]) Input() reflect.Type { return reflect.TypeFor[In]() }

// Run implements [Action].
func (e Endpoint[In]) Run(ctx context.Context, env Env, _ Args) (Result, error) {
	r := proxyclient.Request{Method: e.Method, Path: e.Path, Params: map[string]string{}, Read: env.effect == Read}
	queried := e.Method == http.MethodGet || e.Method == http.MethodDelete
	query, body, fields := url.Values{}, Args{}, env.Body()
	if len(e.Subject) > 0 && len(fields) <= len(e.Subject) {
		return Result{}, Usage("name what to change")
	}
	for name, value := range fields {
		switch {
		case strings.Contains(e.Path, "{"+name+"}"):
			r.Params[name] = Word(value)
		case queried && !slices.Contains(e.Body, name) || slices.Contains(e.Query, name):
			addQuery(query, name, value)
		default:
			body[name] = value
		}
	}
	r.Query = query
	if len(body) > 0 || !queried {
		r.Body = Encode(body)
	}
	answer, err := env.Client.JSON(ctx, r)
	return Result{Body: answer}, err
}

// List is a GET that answers with a list, whose shape is data.
type List[In any] struct {
	// Path takes parameters as in [Endpoint].
	Path string
	// Items is the dotted path of the list in the answer; empty: the answer is
	// the list. Total is that of the number of all items, Pages that of the
	// number of all pages.
	Items, Total, Pages string
	// Capped is that of a boolean that says that Total is not the whole.
	Capped string
	// Page and Size are the names of the arguments that page; empty: the
	// gateway sends everything at once. Offset says that Page counts items from
	// 0 and not pages from 1, and that the gateway's size is maxPageSize.
	Page, Size string
	Offset     bool
	// Prepare turns the arguments into what is sent, and returns what the
	// answer is about; nil: they are sent as they came.
	Prepare func(Env, Args) (Args, About, error)
	// Defaults are sent where the argument is absent.
	Defaults Args
}

type listShape struct{ Page, Size string }

type lister interface{ shape() listShape }

func (l List[In]) shape() listShape { return listShape{l.Page, l.Size} }

// Input implements [Action].
func (List[In]) Input() reflect.Type { return reflect.TypeFor[In]() }

// Run implements [Action].
func (l List[In]) Run(ctx context.Context, env Env, args Args) (Result, error) {
	r := proxyclient.Request{Path: l.Path, Params: map[string]string{}, Query: url.Values{}}
	sent, what := args, About(nil)
	if l.Prepare != nil {
		var err error
		if sent, what, err = l.Prepare(env, args); err != nil {
			return Result{}, err
		}
	}
	for name, value := range l.Defaults {
		if args[name] == nil {
			addQuery(r.Query, name, value)
		}
	}
	for name, value := range sent {
		if strings.Contains(l.Path, "{"+name+"}") {
			r.Params[name] = Word(value)
		} else {
			addQuery(r.Query, name, value)
		}
	}
	body, err := env.Read(ctx, r)
	if err != nil {
		return Result{}, err
	}
	page, err := l.page(body, args)
	if err != nil {
		return Result{Body: body}, err
	}
	result := Result{Body: body, Page: page}
	if what != nil {
		page.About, result.Notes = what.members(), what.notes()
	}
	return result, nil
}

func (l List[In]) page(body json.RawMessage, args Args) (*Page, error) {
	p := &Page{Items: []json.RawMessage{}, Total: -1, Bare: l.Items == "data"}
	// The answer may be megabytes: it is parsed once for all its members.
	var top Args
	_ = json.Unmarshal(body, &top)
	member := func(path string) json.RawMessage {
		first, rest, nested := strings.Cut(path, ".")
		if value, ok := top[path]; ok || !nested {
			return NoNull(value)
		}
		return Lookup(top[first], rest)
	}
	list := NoNull(body)
	if l.Items != "" {
		list = member(l.Items)
	}
	if list != nil {
		if err := json.Unmarshal(list, &p.Items); err != nil {
			return nil, &proxyclient.Error{Code: proxyclient.CodeBadAnswer,
				Message: "the gateway's answer has no list where one was expected (" + l.Path + ")"}
		}
	}
	switch total := member(l.Total); {
	case l.Total != "" && total != nil:
		if n, err := strconv.Atoi(string(total)); err == nil {
			p.Total = n
		}
	case l.Page == "":
		p.Total = len(p.Items)
	}
	if l.Capped != "" && string(member(l.Capped)) == "true" {
		p.Total = -1
	}
	if l.Page != "" && l.Offset {
		offset, _ := strconv.Atoi(string(args[l.Page]))
		size := MaxPageSize
		if n, err := strconv.Atoi(string(args[l.Size])); err == nil {
			size = n
		}
		if len(p.Items) >= size {
			p.Next = args.With(l.Page, offset+len(p.Items))
		}
	} else if l.Page != "" {
		number, pages := 1, 0
		if n, err := strconv.Atoi(string(args[l.Page])); err == nil {
			number = n
		}
		if n, err := strconv.Atoi(string(member(l.Pages))); err == nil {
			pages = n
		}
		if number < pages {
			p.Next = args.With(l.Page, number+1)
		}
	}
	return p, nil
}

// Func is an operation that is more than one request, or a request that must be
// made from the arguments.
type Func[In any] func(context.Context, Env, In) (Result, error)

// Input implements [Action].
func (Func[In]) Input() reflect.Type { return reflect.TypeFor[In]() }

// Run implements [Action].
func (f Func[In]) Run(ctx context.Context, env Env, args Args) (Result, error) {
	var in In
	d := json.NewDecoder(bytes.NewReader(Encode(args)))
	d.UseNumber()
	if err := d.Decode(&in); err != nil {
		return Result{}, Usage("the arguments cannot be read: " + err.Error())
	}
	return f(ctx, env, in)
}

// Rows is an operation that makes a list: from several requests, or from an
// answer that is none. It sets Result.Page.
type Rows[In any] func(context.Context, Env, In) (Result, error)

func (Rows[In]) shape() listShape { return listShape{} }

// Input implements [Action].
func (Rows[In]) Input() reflect.Type { return reflect.TypeFor[In]() }

// Run implements [Action].
func (r Rows[In]) Run(ctx context.Context, env Env, args Args) (Result, error) {
	return Func[In](r).Run(ctx, env, args)
}

// about is what an answer is about, which its items do not say.
type About interface {
	members() Args
	notes() []string
}

// plain is a value as a path segment or a query value.
func Word(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	return string(value)
}

// addQuery adds a value to a query: a list as the parameter repeated, a null not
// at all.
func addQuery(q url.Values, name string, value json.RawMessage) {
	var list []json.RawMessage
	if json.Unmarshal(value, &list) == nil && list != nil {
		for _, v := range list {
			q.Add(name, Word(v))
		}
		return
	}
	if NoNull(value) != nil {
		q.Set(name, Word(value))
	}
}

// usage is an error of the caller's arguments: nothing was sent.
func Usage(message string) error {
	return &proxyclient.Error{Code: proxyclient.CodeUsage, Message: message}
}
