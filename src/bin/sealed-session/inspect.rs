//! `inspect`: what a cookie contains.

use std::fmt::Write as _;

use sealed_session::{
    BuildError, Claims, Codec, Context, Epoch, FileStore, Inspection, KeyRing, OpenErrorKind,
    Protection, RevocationState, RevocationView, Revocations, SessionData, UnixTime,
};
use serde_json::{Value, json};

use crate::args::Inspect;
use crate::cookies::{unescaped, values};
use crate::hex::from_hex;
use crate::input::{RingAt, now, read_stdin};
use crate::output::{Answer, Failure};

/// Sessions of which only the outside is read.
#[derive(serde::Serialize, serde::Deserialize)]
struct Opaque;

impl SessionData for Opaque {
    const NAME: &'static str = "opaque";
    const SCHEMA: u32 = 0;
}

const KEYS: &str = "SESSION_KEYS";

pub(crate) fn inspect(given: &Inspect) -> Result<Answer, Failure> {
    if given.misplaced.is_some() {
        return Err(Failure::usage(
            "a cookie is not given as an argument, where other users and the shell's history can see it",
            "give it by standard input: sealed-session inspect < FILE, or paste it and end with Ctrl-D",
        ));
    }
    let now = now(given.at.at)?;
    let from_environment = || std::env::var_os(KEYS).map(|_| RingAt::Env(KEYS.into()));
    let keys = given.keys.clone().or_else(from_environment);
    if keys.as_ref().is_some_and(RingAt::is_stdin) {
        return Err(Failure::usage(
            "the keys and the cookie are both to come from standard input",
            "give the keys as FILE or env:NAME",
        ));
    }
    if keys.is_none() && (given.store.is_some() || given.binding.is_some()) {
        return Err(Failure::usage(
            "--store and --binding are of no use without keys",
            "give --keys, or set SESSION_KEYS",
        ));
    }
    let ring = keys.map(|keys| keys.load()).transpose()?;
    let text = read_stdin("a cookie")?;
    let text = unescaped(&text);
    let name = given.cookie.as_deref();
    if ring.is_some() && name.is_none() {
        return Err(Failure::usage(
            "which cookie is it? The keys depend on its name",
            "give its full name, prefix included: --cookie __Host-account, or SESSION_COOKIE",
        ));
    }
    let values = values(&text, name);
    if values.is_empty() {
        return Err(match name {
            Some(name) => Failure::input(format!(
                "standard input is no cookie's value, and has no cookie called {name}"
            ))
            .then("give the bare value, or a Cookie header; --cookie names another cookie"),
            None => Failure::input("standard input is no cookie's value").then(
                "give the bare value, or name the cookie to look for in a header by --cookie",
            ),
        });
    }
    let seen: Vec<Seen> = values
        .iter()
        .map(|value| see(given, ring.as_ref(), value, now))
        .collect::<Result<_, _>>()?;
    let opens = seen.iter().any(|seen| seen.inspection.verdict().is_ok());
    if given.json.json {
        let cookies: Vec<Value> = seen.iter().map(Seen::to_json).collect();
        return Ok(Answer::json(&json!({ "cookies": cookies })).unless(!opens));
    }
    let texts: Vec<String> = seen.iter().map(|seen| seen.to_text(now)).collect();
    Ok(Answer::of(texts.join("\n")).unless(!opens))
}

/// A cookie's value, looked into.
struct Seen {
    inspection: Inspection,
    /// Whether there were keys to open with.
    with_keys: bool,
    /// Whether it was asked of a store.
    with_store: bool,
}

fn see(
    given: &Inspect,
    ring: Option<&KeyRing>,
    value: &str,
    now: UnixTime,
) -> Result<Seen, Failure> {
    let Some(ring) = ring else {
        return Ok(Seen {
            inspection: Inspection::without_keys(value),
            with_keys: false,
            with_store: false,
        });
    };
    let audience = given.audience.get()?;
    let codec = Codec::<Opaque>::builder(audience, ring)
        .cookie_name(given.cookie.as_deref().unwrap_or_default())
        .accept_both_protections()
        .idle_timeout(given.timeouts.idle_timeout)
        .absolute_timeout(given.timeouts.absolute_timeout)
        .skew(given.timeouts.skew)
        .build()
        .map_err(|error| match error {
            BuildError::KeyRing(error) => Failure::input(error),
            _ => Failure::usage(&error.to_string(), "give what the servers have"),
        })?;
    let binding = given
        .binding
        .as_deref()
        .map(|text| from_hex("the binding", text))
        .transpose()?;
    let state = match &given.store {
        None => None,
        Some(path) => {
            let store = FileStore::new(path);
            let revocations = Revocations::shared(audience, ring, store)
                .read_only()
                .refresh_on_use()
                .build();
            let listed = revocations.map_err(Failure::input)?.list().wait();
            Some(listed.map_err(|error| {
                Failure::not_done(format!("{}: {error}", path.display()))
                    .then("are file, keys and audience those of the servers?")
            })?)
        }
    };
    // Without a store, what it knows of is not for this command to judge: its clock may be ahead.
    let latest = Epoch::from_millis(u64::MAX);
    let unknown = RevocationState::from_parts(latest, Epoch::ZERO, []);
    let unknown = unknown.map_err(Failure::not_done)?;
    let view = RevocationView::current(state.as_deref().unwrap_or(&unknown));
    let context = Context::new(now, view).with_binding(binding.as_deref().unwrap_or_default());
    Ok(Seen {
        inspection: codec.inspect(value, &context),
        with_keys: true,
        with_store: state.is_some(),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn form(protection: Protection) -> &'static str {
    match protection {
        Protection::Encrypted => "encrypted",
        Protection::Signed => "signed",
    }
}

impl Seen {
    fn to_text(&self, now: UnixTime) -> String {
        let inspection = &self.inspection;
        let mut text = String::new();
        let mut line = |name: &str, value: String| {
            let _ = writeln!(text, "{:10} {value}", format!("{name}:"));
        };
        let header = inspection
            .unverified_protection()
            .zip(inspection.unverified_key_id());
        if let Some((protection, key)) = header {
            let len = inspection.token_len();
            line("format", format!("1, {}, {len} bytes", form(protection)));
            let made_up = if inspection.claims().is_some() {
                ""
            } else {
                ", not verified: anybody can write it"
            };
            line("key", format!("{key}{made_up}"));
        }
        if let Some(claims) = inspection.claims() {
            for (name, value) in claim_lines(claims, now) {
                line(name, value);
            }
        }
        if let Some(payload) = inspection.payload() {
            line(
                "payload",
                format!("{} bytes: {}", payload.len(), hex(payload)),
            );
        }
        line("verdict", self.verdict());
        text
    }

    fn verdict(&self) -> String {
        match self.inspection.verdict() {
            Err(OpenErrorKind::Unauthentic) => {
                "does not open: not authentic, or for another audience, cookie name or binding"
                    .into()
            }
            Err(kind) => format!("does not open: {kind}"),
            Ok(()) if !self.with_keys => {
                "not known without keys; give them by --keys or SESSION_KEYS".into()
            }
            Ok(()) if self.with_store => {
                "opens, unless one of the application's own scopes was revoked".into()
            }
            Ok(()) => "opens, unless it was revoked; --store looks".into(),
        }
    }

    fn to_json(&self) -> Value {
        let inspection = &self.inspection;
        let claims = inspection.claims().map(|claims| {
            json!({
                "session_id": claims.session_id().to_string(),
                "schema": claims.schema(),
                "epoch": claims.epoch().as_millis(),
                "started_at": claims.started_at().to_string(),
                "issued_at": claims.issued_at().to_string(),
                "expires_at": claims.expires_at().to_string(),
            })
        });
        json!({
            "authentic": inspection.claims().is_some(),
            "protection": inspection.unverified_protection().map(form),
            "key": inspection.unverified_key_id().map(|key| key.to_string()),
            "claims": claims,
            "payload": inspection.payload().map(hex),
            "opens": self.with_keys.then(|| inspection.verdict().is_ok()),
            "refused": inspection.verdict().err().map(OpenErrorKind::name),
        })
    }
}

fn claim_lines(claims: &Claims, now: UnixTime) -> Vec<(&'static str, String)> {
    let time = |time: UnixTime| format!("{time}, {}", distance(time, now));
    let epoch = claims.epoch().as_millis();
    vec![
        ("session", claims.session_id().to_string()),
        ("started", time(claims.started_at())),
        ("issued", time(claims.issued_at())),
        ("expires", time(claims.expires_at())),
        ("schema", claims.schema().to_string()),
        (
            "epoch",
            format!("{epoch}, {}", UnixTime::from_millis(epoch)),
        ),
    ]
}

fn distance(time: UnixTime, now: UnixTime) -> String {
    let [time, now] = [time, now].map(UnixTime::as_secs);
    let gap = std::time::Duration::from_secs(time.abs_diff(now));
    let gap = humantime::format_duration(gap);
    if time > now {
        format!("in {gap}")
    } else {
        format!("{gap} ago")
    }
}
