// Package catalogue knows what each key of the kernel's TCP settings is: its fields, units and ranges, which values are
// enough where others are wanted, and which defaults a kernel of which version starts with.
//
// It asks no host. The data are catalogue.yaml, to be read and corrected by people who know the kernel rather than Go,
// compiled into catalogue_gen.go by sysctl/gen, because parsing YAML would take longer than all the rest of a run.
package catalogue
