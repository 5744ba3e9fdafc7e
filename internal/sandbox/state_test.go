package sandbox

import (
	"bytes"
	"reflect"
	"testing"
	"time"
)

// TestTablesAreComplete: a part of the state that is in no table would be lost
// between two commands.
func TestTablesAreComplete(t *testing.T) {
	data := newState()
	kept := map[any]bool{&data.Logs: true} // they have a file of their own
	for _, rows := range data.tables() {
		kept[rows] = true
	}
	value := reflect.ValueOf(&data).Elem()
	for i := range value.NumField() {
		if field := value.Field(i); field.Type() == reflect.TypeFor[[]object]() && !kept[field.Addr().Interface()] {
			t.Errorf("tables does not name %s", value.Type().Field(i).Name)
		}
	}
}

// FuzzState decodes any bytes: they are a state, which is encoded and decoded
// again without a change, or an error.
func FuzzState(f *testing.F) {
	data := newState()
	data.Keys = []object{{"token": "a", "spend": money(5), "models": []any{"m"}}, {"token": "b"}, {}}
	f.Add(encodeState(&data, time.Unix(1, 0).UTC()))
	f.Add([]byte(`{"tables":{"keys":{"kinds":[["a"],[]],"rows":[[0,1.50],[1],[0,null]]}}}`))
	f.Add([]byte(`{"tables":{"keys":{"kinds":[["a"]],"rows":[[],[0],[1,2],[-1,2],["0",2],[0.5,2],null]}}}`))
	f.Add([]byte(`{"last":"2030-01-01T00:00:00Z","windows":{"k":null}}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		first, last, err := decodeState(payload)
		if err != nil {
			return
		}
		encoded := encodeState(&first, last)
		second, again, err := decodeState(encoded)
		if err != nil {
			t.Fatalf("%v: %s", err, encoded)
		}
		if got := encodeState(&second, again); !bytes.Equal(got, encoded) {
			t.Errorf("%s became %s", encoded, got)
		}
	})
}
