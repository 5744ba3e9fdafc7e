package operation

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

type color string

func (color) Rule() Rule { return Rule{Values: []string{"red", "blue"}, Help: "Color"} }

type colors []string

func (colors) Rule() Rule { return Rule{Values: []string{"red"}, NotEmpty: true} }

type pet string

func (pet) Collection() *Collection { return &Collection{What: "pet", Name: "pet_alias"} }

type ruledInput struct {
	Price  *USD     `json:"price" help:"Price"`
	Size   PageSize `json:"size" help:"Size"`
	Color  color    `json:"color"`
	Other  color    `json:"other" help:"Other color"`
	Listed []color  `json:"listed"`
	Colors colors   `json:"colors" help:"Colors"`
	Single string   `json:"single" enum:"a,b" help:"Single"`
	Name   string   `json:"name" jsonschema:"required" help:"Name"`
	PetID  pet      `json:"pet_id" name:"pet" jsonschema:"required"`
	Free   string   `json:"free" help:"Free"`
	Odds   float64  `json:"odds" jsonschema:"minimum=0,maximum=1" help:"Odds"`
}

// TestRules: what a type says about its values is in the schema of its fields.
func TestRules(t *testing.T) {
	op := &Operation{Path: "test rules", Do: Endpoint[ruledInput]{}}
	for field, want := range map[string]string{
		"price":  `{"type":"number","minimum":0,"description":"Price"}`,
		"size":   `{"type":"integer","maximum":100,"minimum":1,"description":"Size"}`,
		"color":  `{"type":"string","enum":["red","blue"],"description":"Color"}`,
		"other":  `{"type":"string","enum":["red","blue"],"description":"Other color"}`,
		"listed": `{"items":{"type":"string","enum":["red","blue"]},"type":"array","description":"Color"}`,
		"colors": `{"items":{"type":"string","enum":["red"]},"type":"array","minItems":1,"description":"Colors"}`,
		"single": `{"type":"string","enum":["a","b"],"description":"Single"}`,
		"name":   `{"type":"string","minLength":1,"description":"Name"}`,
		"pet":    `{"type":"string","minLength":1,"description":"Pet, by alias or ID"}`,
		"free":   `{"type":"string","description":"Free"}`,
		"odds":   `{"type":"number","maximum":1,"minimum":0,"description":"Odds"}`,
	} {
		if got := string(Lookup(op.Schema(), "properties."+field)); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", field, got, want)
		}
	}
}

// TestFaults: an error names the argument, the value and what would be right.
func TestFaults(t *testing.T) {
	op := &Operation{Path: "test faults", Do: Endpoint[ruledInput]{}}
	for args, want := range map[string]string{
		`{"name": "n", "pet_id": "p", "colors": ["red", "gray"]}`: `{colors}: "gray" is not one of red`,
		`{"name": "n", "pet_id": "p", "color": "gray"}`:           `{color}: "gray" is not one of red, blue`,
		`{"name": "n", "pet_id": "p", "colors": []}`:              `{colors} is empty; give at least one value`,
		`{"name": "n", "pet_id": "p", "price": -1}`:               `{price} must be at least 0`,
		`{"name": "n", "pet_id": "p", "size": 101}`:               `{size} must be at most 100`,
		`{"name": "", "pet_id": "p"}`:                             `{name} is empty`,
		`{"pet_id": "p"}`:                                         `{name} is required`,
		`{"name": "n", "pet_id": "p", "sise": 1}`:                 `unknown argument "sise" (did you mean "size"?)`,
	} {
		var a Args
		if err := json.Unmarshal([]byte(args), &a); err != nil {
			t.Fatal(err)
		}
		if err := op.Validate(a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", args, err, want)
		}
	}
}

// A type that no surface can show is a mistake of the declaration.
func TestUnknownType(t *testing.T) {
	defer func() {
		if text, _ := recover().(string); !strings.Contains(text, "field") {
			t.Errorf("the panic says %q, not which field", text)
		}
	}()
	op := &Operation{Do: Endpoint[struct {
		Odd chan int `json:"field"`
	}]{}}
	op.Fields()
}

// TestPlainArguments: what is valid at first sight is valid by the schema too.
func TestPlainArguments(t *testing.T) {
	type input struct {
		Text    string    `json:"text" help:"x"`
		Needed  string    `json:"needed" jsonschema:"required" help:"x"`
		Word    string    `json:"word" enum:"a,b" help:"x"`
		Order   SortOrder `json:"order" help:"x"`
		Number  USD       `json:"number" help:"x"`
		Whole   Count     `json:"whole" help:"x"`
		Size    PageSize  `json:"size" help:"x"`
		Bounded float64   `json:"bounded" jsonschema:"minimum=0,maximum=2" help:"x"`
		Flag    bool      `json:"flag" help:"x"`
		List    []string  `json:"list" help:"x"`
		Map     Object    `json:"map" help:"x"`
	}
	op := &Operation{Path: "plain test", Do: Endpoint[input]{Method: "POST", Path: "/x"}}
	values := []string{`"a"`, `""`, `"asc"`, `null`, `0`, `-1`, `1`, `101`, `1.5`, `1e2`, `01`, `true`, `"true"`, `[]`, `["a"]`, `{}`, `12345678901234567890`, `"\ud800"`}
	plain := 0
	for _, f := range op.Fields() {
		for _, v := range values {
			if !json.Valid([]byte(v)) {
				continue
			}
			args := Args{"needed": json.RawMessage(`"n"`), f.Name: json.RawMessage(v)}
			if !op.plain(args) {
				continue
			}
			plain++
			s, err := op.compile()
			if err != nil {
				t.Fatal(err)
			}
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(Encode(args)))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Validate(value); err != nil {
				t.Errorf("%s=%s is taken at first sight, and the schema says: %v", f.Name, v, err)
			}
		}
	}
	if plain < 20 {
		t.Errorf("only %d values are seen to be valid", plain)
	}
	for _, args := range []string{`{}`, `{"needed": "x", "other": 1}`, `{"needed": ""}`} {
		var a Args
		_ = json.Unmarshal([]byte(args), &a)
		if op.plain(a) {
			t.Errorf("%s is taken at first sight", args)
		}
	}
}
