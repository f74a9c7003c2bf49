//! `inspect`: what a cookie contains.

use std::fmt::Write as _;
use std::sync::Arc;

use sealed_session::{
    BuildError, Claims, Codec, Context, Epoch, Inspection, KeyRing, OpenErrorKind, Protection,
    RevocationState, RevocationView, Scope, SessionData, UnixTime,
};
use serde_json::{Value, json};

use crate::args::Inspect;
use crate::cookies::{unescaped, values};
use crate::hex::from_hex;
use crate::ids;
use crate::input::{RingAt, now, read_stdin};
use crate::output::{Answer, Failure, while_waiting};
use crate::store;

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
    let needs_keys = given.binding.is_some() || given.epoch.is_some() || !given.scopes.is_empty();
    // A store that the environment names for other commands is no mistake here.
    let is_store_asked = given.store.is_some() && std::env::var_os("SESSION_REVOCATIONS").is_none();
    if keys.is_none() && (needs_keys || is_store_asked) {
        return Err(Failure::usage(
            "--store, --epoch, --scope and --binding are of no use without keys",
            "give --keys, or set SESSION_KEYS",
        ));
    }
    let ring = keys.map(|keys| keys.load()).transpose()?;
    let scopes = given
        .scopes
        .iter()
        .map(|scope| ids::pair(scope, given.form));
    let scopes: Vec<Scope> = scopes.collect::<Result<_, _>>()?;
    if !scopes.is_empty() && given.store.is_none() {
        return Err(Failure::usage(
            "scopes are asked of a store, and none is given",
            "give --store, or set SESSION_REVOCATIONS, to what the servers have",
        ));
    }
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
    let state = match &ring {
        Some(ring) => state(given, ring)?,
        None => None,
    };
    let seen: Vec<Seen> = values
        .iter()
        .map(|value| see(given, ring.as_ref(), state.as_deref(), &scopes, value, now))
        .collect::<Result<_, _>>()?;
    let answer = if given.json.json {
        let cookies: Vec<Value> = seen.iter().map(Seen::to_json).collect();
        Answer::json(&json!({ "cookies": cookies }))
    } else {
        let texts: Vec<String> = seen.iter().map(|seen| seen.to_text(now)).collect();
        Answer::of(texts.join("\n"))
    };
    let any = |is: fn(&Opens) -> bool| seen.iter().any(|seen| is(&seen.opens));
    Ok(
        if any(|opens| matches!(opens, Opens::Yes | Opens::YesByTheseScopes)) {
            answer
        } else if any(|opens| matches!(opens, Opens::Unknown(Missing::Keys))) {
            // Nobody has asked whether it opens.
            answer
        } else if any(|opens| matches!(opens, Opens::Unknown(_))) {
            answer.unknown()
        } else {
            answer.unless(true)
        },
    )
}

/// What the store knows, or the configuration.
fn state(given: &Inspect, ring: &KeyRing) -> Result<Option<Arc<RevocationState>>, Failure> {
    if let Some(epoch) = given.epoch {
        let state = RevocationState::fixed(Epoch::from_millis(epoch));
        return Ok(Some(Arc::new(state)));
    }
    let Some(at) = &given.store else {
        return Ok(None);
    };
    let store = at.open(given.store_name.as_deref(), None)?;
    let revocations = store::on_use(given.audience.get()?, ring, store).read_only();
    let revocations = revocations.build().map_err(Failure::input)?;
    let listed = while_waiting(&format!("waiting for {at}"), || revocations.list().wait());
    listed.map(Some).map_err(|error| store::unread(at, &error))
}

/// Whether an application would open it.
#[derive(Clone, Copy, Debug)]
enum Opens {
    Yes,
    /// If it has no other scopes than those that were named.
    YesByTheseScopes,
    No(OpenErrorKind),
    /// It depends on what was not given.
    Unknown(Missing),
}

#[derive(Clone, Copy, Debug)]
enum Missing {
    Keys,
    Revocations,
    Scopes,
}

/// A cookie's value, looked into.
struct Seen {
    inspection: Inspection,
    opens: Opens,
}

fn see(
    given: &Inspect,
    ring: Option<&KeyRing>,
    state: Option<&RevocationState>,
    scopes: &[Scope],
    value: &str,
    now: UnixTime,
) -> Result<Seen, Failure> {
    let Some(ring) = ring else {
        let inspection = Inspection::without_keys(value);
        let opens = match inspection.verdict() {
            Err(kind) => Opens::No(kind),
            Ok(()) => Opens::Unknown(Missing::Keys),
        };
        return Ok(Seen { inspection, opens });
    };
    let audience = given.audience.get()?;
    let cookie = given.cookie.as_deref().unwrap_or_default();
    let timeouts = given.timeouts.of_cookie(cookie)?;
    let codec = Codec::<Opaque>::builder(audience, ring)
        .cookie_name(cookie)
        .accept_both_protections()
        .idle_timeout(timeouts.idle)
        .absolute_timeout(timeouts.absolute)
        .skew(timeouts.skew)
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
    // Without a store, what it knows of is not for this command to judge: its clock may be ahead.
    let latest = Epoch::from_millis(u64::MAX);
    let unknown = RevocationState::from_parts(latest, Epoch::ZERO, []);
    let unknown = unknown.map_err(Failure::not_done)?;
    let view = RevocationView::current(state.unwrap_or(&unknown));
    let context = Context::new(now, view).with_binding(binding.as_deref().unwrap_or_default());
    let inspection = codec.inspect(value, &context);
    let opens = match (inspection.verdict(), inspection.claims()) {
        (Err(kind), _) => Opens::No(kind),
        (Ok(()), Some(claims)) => judged(claims, state, scopes),
        (Ok(()), None) => Opens::Unknown(Missing::Keys),
    };
    Ok(Seen { inspection, opens })
}

/// What the application's scopes make of a token that is authentic and alive.
fn judged(claims: &Claims, state: Option<&RevocationState>, scopes: &[Scope]) -> Opens {
    let Some(state) = state else {
        return Opens::Unknown(Missing::Revocations);
    };
    let is_revoked = |scope: &Scope| claims.epoch() < state.revoked_before(*scope);
    if scopes.iter().any(is_revoked) {
        return Opens::No(OpenErrorKind::Revoked);
    }
    // A session that is as new as the newest entry is in none of them.
    if claims.epoch() >= store::newest(state) {
        return Opens::Yes;
    }
    if scopes.is_empty() {
        Opens::Unknown(Missing::Scopes)
    } else {
        Opens::YesByTheseScopes
    }
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
        match self.opens {
            Opens::No(OpenErrorKind::Unauthentic) => {
                "does not open: not authentic, or for another audience, cookie name or binding".into()
            }
            Opens::No(kind) => format!("does not open: {kind}"),
            Opens::Yes => "opens".into(),
            Opens::YesByTheseScopes => "opens, if these are all of its scopes".into(),
            Opens::Unknown(Missing::Keys) => {
                "not known without keys; give them by --keys or SESSION_KEYS".into()
            }
            Opens::Unknown(Missing::Revocations) => {
                "opens, unless it was revoked, which is not known; --store asks the store, and --epoch \
                 0 says that the servers have none".into()
            }
            Opens::Unknown(Missing::Scopes) => {
                "opens, unless one of its scopes was revoked, which is not known; --scope user=7 asks \
                 for one".into()
            }
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
            "opens": match self.opens {
                Opens::Yes | Opens::YesByTheseScopes => "yes",
                Opens::No(_) => "no",
                Opens::Unknown(_) => "unknown",
            },
            "refused": match self.opens {
                Opens::No(kind) => Some(kind.name()),
                _ => None,
            },
            "missing": match self.opens {
                Opens::Unknown(Missing::Keys) => Some("keys"),
                Opens::Unknown(Missing::Revocations) => Some("revocations"),
                Opens::Unknown(Missing::Scopes) => Some("scopes"),
                _ => None,
            },
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
