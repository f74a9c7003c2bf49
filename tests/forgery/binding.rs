//! A token opens for one cookie name, audience, binding, protection, version and key. Obligations
//! 7 and 8.

use sealed_session::{OpenErrorKind, list};

use crate::account::typical;
use crate::fixture::{BOTH, NOW, Setting, open_with};
use crate::oracle::{base64url, from_base64url};

/// Every mix of names, audiences, bindings, protections and keys; some differ by a letter that
/// moved from one field to the next.
fn settings() -> Vec<Setting> {
    let mut settings = Vec::new();
    for cookie_name in ["__Host-session", "__Host-admin", "session"] {
        for audience in ["shop.example", "shop.example_", "__Host-"] {
            for binding in [&b""[..], b"tenant-7", b"\0"] {
                for protection in BOTH {
                    for key in [1, 2] {
                        settings.push(Setting {
                            audience: audience.into(),
                            cookie_name: cookie_name.into(),
                            binding: binding.into(),
                            protection,
                            key,
                            ..Setting::default()
                        });
                    }
                }
            }
        }
    }
    settings
}

#[test]
fn of_all_pairs_of_settings_only_equal_ones_open() {
    let settings = settings();
    let codecs: Vec<_> = settings.iter().map(Setting::codec).collect();
    for (i, sealer) in settings.iter().enumerate() {
        let token = sealer.seal(&typical());
        for (j, (reader, codec)) in settings.iter().zip(&codecs).enumerate() {
            let opened = open_with(codec, &token, NOW, &reader.binding);
            assert_eq!(opened.is_ok(), i == j, "{sealer:?} {reader:?}");
        }
    }
}

#[test]
fn no_other_version_opens() {
    for protection in BOTH {
        let setting = Setting::of(protection);
        let token = from_base64url(setting.seal(&typical()).as_bytes()).unwrap();
        for version in (0..=u8::MAX).filter(|version| *version != token[0]) {
            let mut other = token.clone();
            other[0] = version;
            let kind = setting.open(base64url(&other)).unwrap_err();
            let expected = match version {
                1 | 2 => OpenErrorKind::Unauthentic,
                _ => OpenErrorKind::UnsupportedFormat,
            };
            assert_eq!(kind, expected, "version {version}");
        }
    }
}

/// Django (CVE-2026-6873) joined salt and value so that a letter could move between them.
#[test]
fn a_letter_that_moves_between_two_fields_gives_another_token() {
    let mix = |audience: &str, name: &str, binding: &[u8]| Setting {
        audience: audience.into(),
        cookie_name: name.into(),
        binding: binding.into(),
        ..Setting::default()
    };
    for (a, b) in [
        (mix("ab", "c", b""), mix("a", "bc", b"")),
        (mix("a", "bc", b"d"), mix("a", "b", b"cd")),
        (mix("a", "b", b"c"), mix("a", "bc", b"")),
        (mix("aencrypt", "b", b""), mix("a", "encryptb", b"")),
    ] {
        for protection in BOTH {
            let [a, b] = [a.clone(), b.clone()].map(|setting| Setting {
                protection,
                ..setting
            });
            assert!(b.open(a.seal(&typical())).is_err());
            assert!(a.open(b.seal(&typical())).is_err());
        }
    }
    assert_ne!(list(&[b"ab", b"c"]), list(&[b"a", b"bc"]));
    assert_ne!(list(&[b"ab"]), list(&[b"a", b"b"]));
    assert_ne!(list(&[b"", b""]), list(&[b""]));
}

#[test]
fn a_letter_that_moves_between_binding_and_body_does_not_verify() {
    for protection in BOTH {
        let setting = Setting {
            binding: b"tenant-7\x01".to_vec(),
            ..Setting::of(protection)
        };
        let shorter = Setting {
            binding: b"tenant-7".to_vec(),
            ..Setting::of(protection)
        };
        let token = from_base64url(setting.seal(&typical()).as_bytes()).unwrap();
        // The binding's last byte is the body's first (its schema); move it over.
        let moved = [&token[..5], &[1], &token[5..]].concat();
        assert_eq!(
            shorter.open(base64url(&moved)),
            Err(OpenErrorKind::Unauthentic)
        );
    }
}

#[test]
fn signed_bytes_relabelled_encrypted_fail_and_the_reverse() {
    for (protection, other) in BOTH.into_iter().zip([2, 1]) {
        let setting = Setting::of(protection);
        for session in [typical(), crate::account::of_len(300)] {
            let mut token = from_base64url(setting.seal(&session).as_bytes()).unwrap();
            token[0] = other;
            let opened = setting.open(base64url(&token));
            assert_eq!(opened, Err(OpenErrorKind::Unauthentic));
        }
    }
}

#[test]
fn a_binding_of_any_length_opens_with_itself_alone() {
    for protection in BOTH {
        for len in [1, 16, 250, 251, 252, 255, 256, 257, 5000] {
            let setting = Setting {
                binding: vec![b'b'; len],
                ..Setting::of(protection)
            };
            let longer = Setting {
                binding: vec![b'b'; len + 1],
                ..setting.clone()
            };
            let token = setting.seal(&typical());
            assert_eq!(setting.open(&token), Ok(typical()));
            assert_eq!(longer.open(&token), Err(OpenErrorKind::Unauthentic));
        }
    }
}
