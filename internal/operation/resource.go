package operation

// Resource describes the operations that share the first word of their path.
type Resource struct {
	// Name is that word, such as "keys". Also are further words that people use for it.
	Name string
	Also []string
	// Section is its heading in the help of the program, and Rank its place there.
	Section Section
	Rank    int
	// Summary says what its operations do, as one imperative line without a final stop. It
	// is empty for an operation of one word, which has a summary of its own.
	Summary string
	// Help says what the thing is, in one or two sentences.
	Help string
}

// Resource returns the description of a resource, or nil.
func (c Catalog) Resource(name string) *Resource {
	for _, op := range c {
		if op.Of != nil && op.Of.Name == name {
			return op.Of
		}
	}
	return nil
}

// Section is a part of the program's help. The zero value is invalid.
type Section int

// The sections, in the order of the help.
const (
	PeopleSection Section = iota + 1
	ModelsSection
	SpendSection
	SafetySection
	AgentsSection
	GatewaySection
	ProgramSection
)

// Sections returns all sections in order.
func Sections() (all []Section) {
	for s := PeopleSection; s <= ProgramSection; s++ {
		all = append(all, s)
	}
	return all
}

// String returns the heading.
func (s Section) String() string {
	switch s {
	case PeopleSection:
		return "Keys and people"
	case ModelsSection:
		return "Models and routing"
	case SpendSection:
		return "Spend and budgets"
	case SafetySection:
		return "Safety"
	case AgentsSection:
		return "Agents, tools and prompts"
	case GatewaySection:
		return "Gateway"
	case ProgramSection:
		return "This program"
	}
	return ""
}
