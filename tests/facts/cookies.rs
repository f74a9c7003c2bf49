//! The `Set-Cookie` line. Obligations 30 and 32, and the 4096 limit.

use sealed_session::{
    Codec, CookieError, CookieSettings, CookieTemplate, KeyRing, ManualClock, SameSite, SealError,
    Sessions, SetCookie,
};

use crate::account::{Account, of_len, typical};
use crate::fixture::{NOW, at, key};

pub(crate) fn sessions(settings: CookieSettings) -> Sessions<Account> {
    let ring = KeyRing::from_key(key(1));
    Sessions::builder("shop.example", &ring)
        .cookie(settings)
        .clock(ManualClock::new(at(NOW)))
        .build()
        .unwrap()
}

/// Settings in which every attribute is used.
fn every_kind() -> Vec<CookieSettings> {
    let mut all = vec![
        CookieSettings::default(),
        CookieSettings::host("admin")
            .same_site(SameSite::None)
            .partitioned(),
        CookieSettings::full_name("__Host-Http-a"),
        CookieSettings::insecure_plain_http("session"),
    ];
    for same_site in [SameSite::Strict, SameSite::Lax, SameSite::None] {
        let settings = CookieSettings::secure("s")
            .domain("shop.example")
            .path("/app")
            .same_site(same_site);
        all.push(settings.clone().readable_by_scripts());
        if same_site == SameSite::None {
            all.push(settings.clone().partitioned());
        }
        all.push(settings.until_browser_closes());
    }
    all
}

#[test]
fn the_default_is_the_strictest() {
    let set = sessions(CookieSettings::default())
        .start(&typical())
        .unwrap();
    let (pair, attributes) = set.as_str().split_once(';').unwrap();
    assert!(pair.starts_with("__Host-session=A"));
    assert_eq!(
        attributes,
        " Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=1800"
    );
}

#[test]
fn what_is_written_parses_back_in_another_library_to_one_cookie_with_the_same_attributes() {
    for settings in every_kind() {
        let sessions = sessions(settings.clone());
        let set = sessions.start(&typical()).unwrap();
        let parsed = cookie::Cookie::parse(set.as_str()).unwrap();
        assert_eq!(parsed.name(), sessions.cookie_name());
        assert_eq!(
            sessions.open_value(parsed.value()).unwrap().value(),
            &typical()
        );
        let sessions_text = format!("{sessions:?}");
        let has = |attribute: &str| sessions_text.contains(attribute);
        assert_eq!(parsed.secure(), has("; Secure").then_some(true));
        assert_eq!(parsed.http_only(), has("; HttpOnly").then_some(true));
        assert_eq!(parsed.partitioned(), has("; Partitioned").then_some(true));
        assert_eq!(parsed.domain(), has("Domain").then_some("shop.example"));
        assert_eq!(
            parsed.path(),
            Some(if has("Path=/app") { "/app" } else { "/" })
        );
        let same_site = parsed.same_site().unwrap().to_string();
        assert!(has(&format!("SameSite={same_site}")));
        let written = set.as_str().contains("Max-Age");
        let max_age = parsed.max_age().map(|age| age.whole_seconds());
        assert_eq!(max_age, written.then_some(1800));
        assert_eq!(parsed.expires(), None);
    }
}

#[test]
fn the_removal_mirrors_every_attribute_of_the_cookie() {
    for settings in every_kind() {
        let sessions = sessions(settings);
        let attributes = |line: &SetCookie| -> Vec<String> {
            line.as_str()
                .split("; ")
                .skip(1)
                .filter(|a| !a.starts_with("Max-Age") && !a.starts_with("Expires"))
                .map(str::to_owned)
                .collect()
        };
        let set = sessions.start(&typical()).unwrap();
        let mut removal = sessions.removal_cookies().into_iter();
        let removal = removal.next().unwrap();
        assert_eq!(attributes(&removal), attributes(&set));
        assert!(
            removal
                .as_str()
                .starts_with(&format!("{}=; ", sessions.cookie_name()))
        );
        let parsed = cookie::Cookie::parse(removal.as_str()).unwrap();
        assert_eq!(parsed.max_age().unwrap().whole_seconds(), 0);
        assert_eq!(parsed.expires_datetime().unwrap().unix_timestamp(), 0);
        assert_eq!(parsed.value(), "");
    }
}

#[test]
fn bytes_that_break_the_header_are_refused_in_name_path_and_domain() {
    let breakers = [
        "\r", "\n", "\0", ";", ",", " ", "\t", "\x7f", "é", "\u{2028}",
    ];
    for breaker in breakers {
        for text in [
            breaker.to_owned(),
            format!("a{breaker}"),
            format!("{breaker}a"),
        ] {
            let build = CookieSettings::build;
            let name = build(CookieSettings::full_name(&text));
            assert!(
                matches!(name, Err(CookieError::NameByte { .. })),
                "{text:?}"
            );
            let path = build(CookieSettings::secure("s").path(&format!("/{text}")));
            assert!(
                matches!(path, Err(CookieError::PathByte { .. })),
                "{text:?}"
            );
            let domain = build(CookieSettings::secure("s").domain(&text));
            assert_eq!(domain, Err(CookieError::Domain), "{text:?}");
            let ring = KeyRing::from_key(key(1));
            let codec = Codec::<Account>::builder("a", &ring)
                .cookie_name(&text)
                .build();
            assert!(codec.is_err(), "{text:?}");
        }
    }
    for separator in "()<>@:\\\"/[]?={}".chars() {
        let name = CookieSettings::full_name(&format!("a{separator}b")).build();
        assert_eq!(
            name,
            Err(CookieError::NameByte { position: 1 }),
            "{separator}"
        );
    }
}

/// Browsers ignore an attribute of more than 1024 bytes (RFC 6265bis, section 5.6).
#[test]
fn a_path_and_a_domain_take_1024_bytes_and_no_more() {
    for (len, expected) in [(1024, Ok(())), (1025, Err(CookieError::AttributeTooLong))] {
        let path = CookieSettings::secure("s").path(&format!("/{}", "a".repeat(len - 1)));
        let domain = CookieSettings::secure("s").domain(&format!("{}.a", "a".repeat(len - 2)));
        for settings in [path, domain] {
            assert_eq!(settings.build().map(drop), expected, "{len}");
        }
    }
}

#[test]
fn settings_that_browsers_would_refuse_are_errors() {
    type Built = Result<CookieTemplate, CookieError>;
    let long = "a".repeat(4096);
    let cases: [(Built, CookieError); 33] = [
        (
            CookieSettings::full_name("").build(),
            CookieError::EmptyName,
        ),
        (
            CookieSettings::full_name(&long).build(),
            CookieError::NameTooLong,
        ),
        (
            CookieSettings::host("s").path("/a").build(),
            CookieError::HostPrefixPath,
        ),
        (
            CookieSettings::host("s").domain("a.b").build(),
            CookieError::HostPrefixDomain,
        ),
        (
            CookieSettings::full_name("__HOST-s").build(),
            CookieError::PrefixCase,
        ),
        (
            CookieSettings::full_name("__host-s").build(),
            CookieError::PrefixCase,
        ),
        (
            CookieSettings::full_name("__secure-s").build(),
            CookieError::PrefixCase,
        ),
        (
            CookieSettings::full_name("__Host-http-s").build(),
            CookieError::PrefixCase,
        ),
        (
            CookieSettings::insecure_plain_http("__Host-s").build(),
            CookieError::PrefixNotSecure,
        ),
        (
            CookieSettings::insecure_plain_http("__Secure-s").build(),
            CookieError::PrefixNotSecure,
        ),
        (
            CookieSettings::full_name("__Http-s")
                .readable_by_scripts()
                .build(),
            CookieError::PrefixNotHttpOnly,
        ),
        (
            CookieSettings::insecure_plain_http("s")
                .same_site(SameSite::None)
                .build(),
            CookieError::SameSiteNoneNotSecure,
        ),
        (
            CookieSettings::insecure_plain_http("s")
                .partitioned()
                .build(),
            CookieError::PartitionedNotSecure,
        ),
        (
            CookieSettings::secure("s").path("").build(),
            CookieError::PathNotAbsolute,
        ),
        (
            CookieSettings::secure("s").path("a").build(),
            CookieError::PathNotAbsolute,
        ),
        (
            CookieSettings::secure("s")
                .path(&format!("/{long}"))
                .build(),
            CookieError::AttributeTooLong,
        ),
        (
            CookieSettings::secure("s").domain(&long).build(),
            CookieError::AttributeTooLong,
        ),
        (
            CookieSettings::secure("s").domain("").build(),
            CookieError::Domain,
        ),
        (
            CookieSettings::secure("s").domain(".shop.example").build(),
            CookieError::Domain,
        ),
        (
            CookieSettings::secure("s").domain("-a.example").build(),
            CookieError::Domain,
        ),
        (
            CookieSettings::secure("s").domain("com").build(),
            CookieError::DomainOneLabel,
        ),
        (
            CookieSettings::secure("s").domain("localhost").build(),
            CookieError::DomainOneLabel,
        ),
        (
            CookieSettings::secure("s").partitioned().build(),
            CookieError::PartitionedNotSameSiteNone,
        ),
        (
            CookieSettings::host("s")
                .same_site(SameSite::Strict)
                .partitioned()
                .build(),
            CookieError::PartitionedNotSameSiteNone,
        ),
        (
            CookieSettings::host("__Host-s").build(),
            CookieError::TwoPrefixes,
        ),
        (
            CookieSettings::host("__secure-s").build(),
            CookieError::TwoPrefixes,
        ),
        (
            CookieSettings::secure("__Host-s").build(),
            CookieError::TwoPrefixes,
        ),
        (
            CookieSettings::full_name("__Host-__Secure-s").build(),
            CookieError::TwoPrefixes,
        ),
        (
            CookieSettings::full_name("__Host-").build(),
            CookieError::EmptyName,
        ),
        (CookieSettings::host("").build(), CookieError::EmptyName),
        (CookieSettings::default().build(), CookieError::NoName),
        (
            CookieSettings::host("s")
                .formerly(CookieSettings::secure("s").domain("example"))
                .build(),
            CookieError::DomainOneLabel,
        ),
        (
            CookieSettings::host("s")
                .formerly(CookieSettings::host("s").formerly(CookieSettings::host("s").path("/a")))
                .build(),
            CookieError::HostPrefixPath,
        ),
    ];
    for (built, error) in cases {
        assert_eq!(built, Err(error));
    }
}

#[test]
fn a_cookie_over_4096_bytes_is_a_typed_error_with_both_numbers() {
    let sessions = sessions(CookieSettings::default());
    let fitting = (5..4096)
        .rev()
        .find(|len| sessions.start(&of_len(*len)).is_ok())
        .unwrap();
    let set = sessions.start(&of_len(fitting)).unwrap();
    let pair = set.as_str().split(';').next().unwrap();
    assert!(pair.len() - "=".len() <= 4096);
    let error = sessions.start(&of_len(fitting + 1)).unwrap_err();
    let SealError::TooLong {
        name_and_value,
        limit,
    } = error
    else {
        panic!("{error}");
    };
    assert!((4097..=4099).contains(&name_and_value), "{name_and_value}");
    assert_eq!(limit, 4096);
    assert_eq!(
        error.to_string(),
        format!(
            "cannot seal a session: cookie name and value take {name_and_value} bytes, and at \
             most 4096 are allowed (browsers keep 4096); store less in the session"
        )
    );
    // A name that is longer by 40 leaves 30 bytes less, but for the rounding.
    let long_name = CookieSettings::host(&format!("session{}", "n".repeat(40)));
    let with_long_name = self::sessions(long_name);
    assert!(with_long_name.start(&of_len(fitting - 32)).is_ok());
    assert!(with_long_name.start(&of_len(fitting - 28)).is_err());
    // Far too much is the same error, not another.
    assert!(matches!(
        sessions.start(&of_len(1 << 20)),
        Err(SealError::TooLong {
            name_and_value: 1_398_000..,
            ..
        })
    ));
}

#[test]
fn set_cookie_turns_into_the_types_of_http_without_the_feature() {
    let set = sessions(CookieSettings::default())
        .start(&typical())
        .unwrap();
    let line = set.to_string();
    let header = http::HeaderValue::try_from(String::from(set)).unwrap();
    assert_eq!(header.to_str().unwrap(), line);
}

#[cfg(feature = "http")]
#[test]
fn set_cookie_turns_into_a_sensitive_header_value() {
    for settings in every_kind() {
        let sessions = sessions(settings);
        let set = sessions.start(&typical()).unwrap();
        for set in sessions.removal_cookies().into_iter().chain([set]) {
            let line = set.to_string();
            let header = http::HeaderValue::from(set);
            assert_eq!(header.to_str().unwrap(), line);
            assert!(header.is_sensitive());
        }
    }
}

#[cfg(feature = "cookie")]
#[test]
fn set_cookie_turns_into_a_cookie() {
    for settings in every_kind() {
        let sessions = sessions(settings);
        let set = sessions.start(&typical()).unwrap();
        for set in sessions.removal_cookies().into_iter().chain([set]) {
            let parsed = cookie::Cookie::parse(set.to_string()).unwrap();
            let cookie = cookie::Cookie::from(set);
            assert_eq!(cookie, parsed);
        }
    }
}
