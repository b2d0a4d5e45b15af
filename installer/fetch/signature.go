package fetch

import (
	"bytes"
	_ "embed" // the key of go.dev
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	openpgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

//go:embed google.asc
var googleKey []byte

const (
	maxSignature = 64 << 10 // bytes
	maxKeyring   = 4 << 20  // bytes
)

// keyring returns the keys that may sign an archive.
func (c Config) keyring() (openpgp.EntityList, error) {
	keys, err := readKeyring(googleKey)
	if err != nil {
		return nil, Fail(BadSetting, "", "cannot read the built-in key").Because(err)
	}
	if c.Keyring == "" {
		return keys, nil
	}
	data, err := host.ReadNamed(c.Keyring, host.Bound{Bytes: maxKeyring, Of: "a keyring"})
	if err == nil {
		var more openpgp.EntityList
		more, err = readKeyring(data)
		keys = append(keys, more...)
	}
	if err != nil {
		return nil, Fail(BadSetting, "", "cannot read the key ring %s", c.Keyring).Because(err)
	}
	return keys, nil
}

func readKeyring(data []byte) (openpgp.EntityList, error) {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("-----BEGIN")) {
		return openpgp.ReadArmoredKeyRing(bytes.NewReader(data))
	}
	return openpgp.ReadKeyRing(bytes.NewReader(data))
}

// checkSignature reads content to its end, and returns the ID of the key that has signed it, by a detached signature,
// armoured or not. The keys of a release expire long before the release does: a key must have been valid when the
// signature was made, not now. Weak hashes are refused (go-crypto's rule). It is [UnknownSigner] at once when no key
// fits.
func checkSignature(keys openpgp.EntityList, signature []byte, content io.Reader) (string, error) {
	var packets io.Reader = bytes.NewReader(signature)
	if bytes.HasPrefix(bytes.TrimSpace(signature), []byte("-----BEGIN")) {
		block, err := armor.Decode(bytes.NewReader(signature))
		if err != nil {
			return "", unverified("it is no OpenPGP signature").Because(err)
		}
		packets = block.Body
	}
	message, err := openpgp.VerifyDetachedSignatureReader(keys, content, packets, nil)
	if err != nil {
		return "", unverified("it is no OpenPGP signature").Because(err)
	}
	candidates := message.SignatureCandidates
	if !slices.ContainsFunc(candidates, func(c *openpgp.SignatureCandidate) bool { return c.SignedByEntity != nil }) {
		return "", unknownSigner(candidates[0].IssuerKeyId)
	}
	if _, err := io.Copy(io.Discard, message.UnverifiedBody); err != nil {
		return "", err
	}
	switch err := message.SignatureError; {
	case !message.IsVerified:
		return "", unverified("it was not received to its end")
	case err != nil && message.SelectedCandidate.SignedBy == nil:
		return "", unverified("its key was not valid when it was signed: expired, revoked or not yet made")
	case err != nil:
		return "", unverified("").Because(bareSignature(err))
	}
	return fmt.Sprintf("%016X", message.SignedBy.PublicKey.KeyId), nil
}

// isSignature reports whether data begins as an OpenPGP signature, armoured or not.
func isSignature(data []byte) bool {
	data = bytes.TrimSpace(data)
	return bytes.HasPrefix(data, []byte("-----BEGIN PGP SIGNATURE")) || len(data) > 0 && data[0]&0x80 != 0
}

func bareSignature(err error) error {
	var bad openpgperrors.SignatureError
	if errors.As(err, &bad) {
		return errors.New("the signature does not fit: " + string(bad))
	}
	return err
}

func unverified(reason string) *report.Error {
	e := Fail(Unverified, "nothing was installed; try another mirror, and report this one", "cannot verify the archive")
	if reason != "" {
		e.Message += ": " + reason
	}
	return e
}

func unknownSigner(id uint64) *report.Error {
	return Fail(UnknownSigner,
		"go.dev/dl signs with subkeys that change every few years: give a newer copy of the key, --keyring FILE",
		"cannot verify the archive: it is signed by the key %016X, which is not known here", id)
}
