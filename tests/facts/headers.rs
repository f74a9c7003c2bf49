//! Finding ours in a `Cookie` header. Obligation 31.

use sealed_session::{CookieSettings, Epoch, KeyRing, ManualClock, OpenErrorKind, Sessions};

use crate::account::{Account, typical};
use crate::fixture::{NOW, Setting, at, key};

struct World {
    clock: ManualClock,
    sessions: Sessions<Account>,
    good: String,
}

fn world() -> World {
    let clock = ManualClock::new(at(NOW));
    let sessions = Sessions::<Account>::builder("shop.example", &KeyRing::from_key(key(1)))
        .clock(clock.clone())
        .build()
        .unwrap();
    let set = sessions.start(&typical()).unwrap();
    let good = set.as_str().split(';').next().unwrap().to_owned();
    World {
        clock,
        sessions,
        good,
    }
}

const BAD: &str = "__Host-session=AAAA";

impl World {
    fn kind(&self, header: impl AsRef<[u8]>) -> Result<(), OpenErrorKind> {
        self.sessions
            .open(header)
            .map(|session| assert_eq!(session.value(), &typical()))
            .map_err(|error| error.kind())
    }
}

#[test]
fn ours_is_found_among_others() {
    let world = world();
    let good = &world.good;
    for header in [
        good.clone(),
        format!("a=1; {good}"),
        format!("{good}; b=\"2, 3\"; c"),
        format!("a=1;{good};b=2"),
        format!("a=1; \t {good}"),
        format!("session=1; Host-session=2; __Host-session2=3; {good}"),
        format!("x__Host-session=1; {good}"),
    ] {
        assert_eq!(world.kind(&header), Ok(()), "{header}");
    }
}

#[test]
fn a_cookie_of_another_application_beyond_ascii_does_not_hide_ours() {
    let world = world();
    let header = [b"other=\xff\xfe\x80; ".as_slice(), world.good.as_bytes()].concat();
    assert_eq!(world.kind(header), Ok(()));
}

#[test]
fn no_cookie_of_ours_is_missing_and_not_an_attack() {
    let world = world();
    for header in ["", "a=1", "__Host-session", "__Host-sessio=n", "; ;; ="] {
        assert_eq!(world.kind(header), Err(OpenErrorKind::Missing), "{header}");
    }
    let none: [&str; 0] = [];
    let error = world.sessions.open_headers(none).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Missing);
    assert!(!error.removes_cookie());
}

#[test]
fn of_two_cookies_in_either_order_the_one_that_opens_wins() {
    let World { good, .. } = &world();
    let world = world();
    assert_eq!(world.kind(format!("{BAD}; {good}")), Ok(()));
    assert_eq!(world.kind(format!("{good}; {BAD}")), Ok(()));
    let two = [BAD, good.as_str()];
    assert!(world.sessions.open_headers(two).is_ok());
    let reversed = [
        http::HeaderValue::from_str(good).unwrap(),
        http::HeaderValue::from_static(BAD),
    ];
    assert!(world.sessions.open_headers(&reversed).is_ok());
}

#[test]
fn four_cookies_are_tried_and_no_fifth() {
    let world = world();
    let good = &world.good;
    for before in 0..6 {
        let header = format!("{}{good}", format!("{BAD}; ").repeat(before));
        let expected = if before < 4 {
            Ok(())
        } else {
            Err(OpenErrorKind::UnsupportedFormat)
        };
        assert_eq!(world.kind(&header), expected, "{before} before it");
        let many: Vec<&str> = std::iter::repeat_n(BAD, before)
            .chain([good.as_str()])
            .collect();
        assert_eq!(world.sessions.open_headers(many).is_ok(), before < 4);
    }
}

#[test]
fn a_name_in_another_case_is_not_ours() {
    let world = world();
    let value = world.good.split_once('=').unwrap().1;
    for name in [
        "__host-session",
        "__HOST-session",
        "__Host-Session",
        "__HOST-SESSION",
    ] {
        assert_eq!(
            world.kind(format!("{name}={value}")),
            Err(OpenErrorKind::Missing)
        );
    }
}

#[test]
fn a_value_with_anything_around_it_does_not_open() {
    let world = world();
    let value = world.good.split_once('=').unwrap().1;
    for value in [
        format!(" {value}"),
        format!("{value} "),
        format!("\"{value}\""),
        format!("{value}="),
        format!("{value},"),
    ] {
        let kind = world.kind(format!("__Host-session={value}"));
        assert_eq!(kind, Err(OpenErrorKind::Malformed), "{value}");
    }
}

#[test]
fn a_header_of_64_kib_is_read_and_a_longer_one_is_not() {
    let world = world();
    let good = &world.good;
    let filler = "a".repeat(65_536 - good.len() - 2);
    let full = format!("{filler}; {good}");
    assert_eq!(full.len(), 65_536);
    assert_eq!(world.kind(&full), Ok(()));
    assert_eq!(
        world.kind(format!("a{full}")),
        Err(OpenErrorKind::Malformed)
    );
    // The bound holds for several headers together.
    let halves = [
        "a".repeat(40_000),
        format!("{}; {good}", "a".repeat(40_000)),
    ];
    let error = world.sessions.open_headers(halves).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Malformed);
    for hostile in [
        "__Host-session=".repeat(4000),
        ";".repeat(65_536),
        "=;".repeat(32_768),
    ] {
        assert!(world.kind(hostile).is_err());
    }
}

#[test]
fn only_dead_cookies_are_removed() {
    let world = world();
    world.clock.set(at(NOW + 1800));
    let dead = world.good.clone();
    let alien = Setting {
        key: 2,
        ..Setting::default()
    }
    .seal(&typical());
    let alien = format!("__Host-session={alien}");
    let removes = |header: String| world.sessions.open(header).unwrap_err().removes_cookie();
    assert!(removes(dead.clone()));
    assert!(removes(format!("{dead}; {dead}")));
    // Perhaps a newer server's: unknown key, unknown format.
    assert!(!removes(alien.clone()));
    assert!(!removes(BAD.into()));
    for other in [alien.as_str(), BAD] {
        assert!(!removes(format!("{dead}; {other}")));
        assert!(!removes(format!("{other}; {dead}")));
    }
    // A fifth was not looked at.
    assert!(!removes(format!("{dead}; {dead}; {dead}; {dead}; {dead}")));
    let error = world.sessions.open(format!("{alien}; {dead}")).unwrap_err();
    assert_eq!(
        error.kind(),
        OpenErrorKind::Expired,
        "the check that came furthest"
    );
}

/// A reader whose own timeouts are tighter, during a deploy that loosens them.
#[test]
fn a_cookie_that_another_server_still_opens_is_not_removed() {
    let World { clock, good, .. } = world();
    let build = |idle| {
        Sessions::<Account>::builder("shop.example", &KeyRing::from_key(key(1)))
            .idle_timeout(std::time::Duration::from_secs(idle))
            .clock(clock.clone())
            .build()
            .unwrap()
    };
    clock.set(at(NOW + 1799));
    let error = build(600).open(&good).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Expired);
    assert!(!error.removes_cookie());
    assert!(build(7200).open(&good).is_ok());
    // At its own end no server opens it.
    clock.set(at(NOW + 1800));
    assert!(build(600).open(&good).unwrap_err().removes_cookie());
}

#[test]
fn two_sessions_in_one_application_do_not_open_each_others_cookies() {
    let ring = KeyRing::from_key(key(1));
    let build = |name| {
        Sessions::<Account>::builder("shop.example", &ring)
            .cookie(CookieSettings::host(name))
            .revocation_epoch(Epoch::ZERO)
            .build()
            .unwrap()
    };
    let (shop, admin) = (build("shop"), build("admin"));
    let set = shop.start(&typical()).unwrap();
    let value = set.as_str().split([';', '=']).nth(1).unwrap();
    assert!(shop.open(format!("__Host-shop={value}")).is_ok());
    let swapped = admin.open(format!("__Host-admin={value}"));
    assert_eq!(swapped.unwrap_err().kind(), OpenErrorKind::Unauthentic);
}
