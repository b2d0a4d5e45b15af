// Package prove shows what settings do: the same work over the same emulated path, once with the values of one side and
// once with those of the other, in turn and several times, and what that says with how much confidence.
//
// It sets keys in network namespaces that it has made, and nowhere else. What is not different by more than chance is
// said to be so, and what the path did not carry is not said at all. Which values are compared is the business of
// internal/provision.
package prove
