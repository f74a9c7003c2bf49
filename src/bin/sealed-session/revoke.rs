//! `revoke` and `revocations`: who is logged out, in a file store.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use sealed_session::{
    Epoch, FileStore, RefreshError, RevocationEvent, Revocations, RevocationsBuilder, RevokeError,
    Scope, SessionId, StoreErrorKind, UnixTime,
};
use serde_json::{Value, json};

use crate::args::{Create, IdForm, ListRevoked, Revoke, Store, Who};
use crate::hex::from_hex;
use crate::output::{Answer, Failure};

/// As many as a store holds. Who keeps fewer bounds the table in its own next write.
const MAX_ENTRIES: usize = 3_000_000;

impl Store {
    /// Does something with the store. What it should be warned of is in the second part.
    fn with<R>(
        &self,
        build: impl FnOnce(RevocationsBuilder<'_>) -> RevocationsBuilder<'_>,
        act: impl FnOnce(&Revocations) -> Result<R, Failure>,
    ) -> Result<(R, Vec<String>), Failure> {
        let audience = self.audience.get()?;
        let ring = self.keys.load()?;
        let warnings = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&warnings);
        let note = move |event: &RevocationEvent| {
            let warning = match event {
                RevocationEvent::Bounded { floor, dropped } => format!(
                    "warning: the table is full: {dropped} entries were dropped, and everyone whose \
                     session was sealed before {} is logged out",
                    clock(*floor)
                ),
                RevocationEvent::NotWrittenAgain(error) => format!("warning: {error}"),
                _ => return,
            };
            noted
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(warning);
        };
        let store = FileStore::new(&self.store);
        let builder = Revocations::shared(audience, &ring, store).refresh_on_use();
        let builder = build(builder.max_entries(MAX_ENTRIES).on_event(note));
        let done = act(&builder.build().map_err(Failure::input)?)?;
        let warnings =
            std::mem::take(&mut *warnings.lock().unwrap_or_else(PoisonError::into_inner));
        Ok((done, warnings))
    }

    fn failed(&self, error: &RevokeError) -> Failure {
        match error {
            RevokeError::Refresh(error) => self.unread(error),
            RevokeError::Seal(_) => self
                .not_done(error)
                .then("`keys list` shows whether a key of the ring seals"),
            RevokeError::Store(store) if store.kind() == StoreErrorKind::Unavailable => self
                .not_done(error)
                .then("see to the disk, and run it again until it is done"),
            _ => self
                .not_done(error)
                .then("nothing was changed: see to file and folder, and run it again"),
        }
    }

    /// Whether there is a document, or what should be one.
    fn exists(&self) -> Result<bool, Failure> {
        let (exists, _) = self.with(
            |builder| builder.read_only(),
            |revocations| {
                Ok(matches!(
                    revocations.list().wait(),
                    Ok(_) | Err(RefreshError::Document(_))
                ))
            },
        )?;
        Ok(exists)
    }

    fn not_done(&self, error: impl ToString) -> Failure {
        let text = error.to_string();
        // It may also be a store that is made.
        let text = text.trim_start_matches("cannot revoke: ");
        Failure::not_done(format!("{}: {text}", self.store.display()))
    }

    fn unread(&self, error: &RefreshError) -> Failure {
        match error {
            RefreshError::NoStore => self
                .not_done("there is no store")
                .then("is it the servers' file? `revocations create` makes a new one"),
            RefreshError::Document(_) => self.not_done(error).then(
                "are keys and audience those of the servers? A damaged store is moved away, and \
                 another made by `revocations create --above`",
            ),
            _ => self
                .not_done(error)
                .then("may the file be read, and is it the servers'?"),
        }
    }
}

pub(crate) fn revoke(given: &Revoke) -> Result<Answer, Failure> {
    let (store, scopes) = match &given.who {
        Who::User { ids, form, store } => (store, all_of("user", ids, *form)?),
        Who::Scope {
            kind,
            ids,
            form,
            store,
        } => (store, all_of(kind, ids, *form)?),
        Who::Session { ids, store } => {
            let scopes = ids.iter().map(|id| session(id)).collect::<Result<_, _>>()?;
            (store, scopes)
        }
        Who::All { store, .. } => (store, Vec::new()),
    };
    let everyone = matches!(given.who, Who::All { .. });
    let after_leak = matches!(
        given.who,
        Who::All {
            after_leak: true,
            ..
        }
    );
    let (epoch, warnings) = store.with(
        |builder| builder,
        |revocations| {
            let revoked = match (after_leak, everyone) {
                (true, _) => revocations.revoke_everyone_after_leak(),
                (false, true) => revocations.revoke_everyone(),
                (false, false) => revocations.revoke(&scopes),
            };
            revoked.wait().map_err(|error| store.failed(&error))
        },
    )?;
    let answer = revoked(store, epoch, everyone, &scopes);
    Ok(answer.with_notes(warnings).after_change())
}

fn revoked(store: &Store, epoch: Epoch, everyone: bool, scopes: &[Scope]) -> Answer {
    if store.json.json {
        let scopes: Vec<String> = scopes.iter().map(Scope::to_string).collect();
        let answer =
            json!({ "revoked_before": epoch.as_millis(), "everyone": everyone, "scopes": scopes });
        return Answer::json(&answer);
    }
    let who = match (everyone, scopes.len()) {
        (true, _) => "everyone".into(),
        (false, 1) => "1 scope".into(),
        (false, several) => format!("{several} scopes"),
    };
    Answer::of(format!(
        "logged out {who}: sessions sealed before {} do not open\n",
        clock(epoch)
    ))
}

/// A clock is a time in milliseconds that may be ahead.
fn clock(epoch: Epoch) -> String {
    let millis = epoch.as_millis();
    format!("{millis} ({})", UnixTime::from_millis(millis))
}

fn scope(kind: &str, id: &[u8]) -> Result<Scope, Failure> {
    Scope::named(kind, id)
        .map_err(|error| Failure::usage(&error.to_string(), "use `revoke session`, or --session"))
}

fn all_of(kind: &str, ids: &[String], form: IdForm) -> Result<Vec<Scope>, Failure> {
    let one = |id: &String| {
        if form.hex {
            return scope(kind, &from_hex("the id", id)?);
        }
        if !form.text && looks_like_a_uuid_in_another_form(id) {
            return Err(Failure::usage(
                "the id looks like a UUID that is not in small letters with hyphens, as the library \
                 names UUIDs",
                "write it so; or, if the application's ids are this very text, add --text",
            ));
        }
        scope(kind, id.as_bytes())
    };
    ids.iter().map(one).collect()
}

/// Whether this is a UUID with capital letters, in braces, as a URN or without hyphens.
fn looks_like_a_uuid_in_another_form(id: &str) -> bool {
    let inner = id.trim_start_matches("urn:uuid:");
    let inner = inner.trim_start_matches('{').trim_end_matches('}');
    let digits: String = inner.chars().filter(|&c| c != '-').collect();
    let is_uuid = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let hyphens: Vec<usize> = id.match_indices('-').map(|(place, _)| place).collect();
    let has_capitals = id.bytes().any(|byte| byte.is_ascii_uppercase());
    is_uuid && (hyphens != [8, 13, 18, 23] || id.len() != 36 || has_capitals)
}

fn session(id: &str) -> Result<Scope, Failure> {
    let digits = id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u64::from_str_radix(id, 16).ok().filter(|_| digits);
    let number = number.ok_or_else(|| {
        Failure::usage(
            "a session id has 16 hex digits",
            "`inspect` prints the id of a cookie's session",
        )
    })?;
    Ok(Scope::session(SessionId::from_bytes(number.to_be_bytes())))
}

pub(crate) fn create(given: &Create) -> Result<Answer, Failure> {
    let seen = Epoch::from_millis(given.above);
    if given.store.exists()? {
        let left = given
            .store
            .not_done("the store exists; it was left as it is");
        return Err(left.then(
            "go on with it; if `revocations list` cannot read it, move it away and create \
             another, --above the greatest clock that servers name",
        ));
    }
    let (epoch, warnings) = given.store.with(
        |builder| builder.skew(given.skew),
        |revocations| {
            let created = revocations.create_store_above(seen).wait();
            created.map_err(|error| given.store.failed(&error))
        },
    )?;
    let answer = made(given, epoch);
    Ok(answer.with_notes(warnings).after_change())
}

fn made(given: &Create, epoch: Epoch) -> Answer {
    if given.store.json.json {
        return Answer::json(&json!({ "revoked_before": epoch.as_millis() }));
    }
    Answer::of(format!(
        "made {}: sessions sealed before {} do not open\n",
        given.store.store.display(),
        clock(epoch)
    ))
}

pub(crate) fn list(given: &ListRevoked) -> Result<Answer, Failure> {
    let asked = match (&given.user, &given.session, given.scope.as_deref()) {
        (Some(id), ..) => Some(scope("user", id.as_bytes())?),
        (_, Some(id), _) => Some(session(id)?),
        (.., Some([kind, id])) => Some(scope(kind, id.as_bytes())?),
        _ => None,
    };
    let (state, _) = given.store.with(
        |builder| builder.read_only(),
        |revocations| {
            let state = revocations.list().wait();
            state.map_err(|error| given.store.unread(&error))
        },
    )?;
    if let Some(asked) = asked {
        let own = state.revoked().find(|&(scope, _)| scope == asked);
        return Ok(one(
            given,
            asked,
            own.map(|(_, epoch)| epoch),
            state.floor(),
        ));
    }
    if given.store.json.json {
        let scopes: Vec<Value> = state
            .revoked()
            .map(|(scope, epoch)| {
                json!({ "scope": scope.to_string(), "revoked_before": epoch.as_millis() })
            })
            .collect();
        return Ok(Answer::json(&json!({
            "clock": state.clock().as_millis(),
            "everyone_before": state.floor().as_millis(),
            "scopes": scopes,
        })));
    }
    let mut text = format!(
        "clock:    {}\neveryone: sessions sealed before {} do not open\nscopes:   {}\n",
        clock(state.clock()),
        clock(state.floor()),
        state.len()
    );
    for (scope, epoch) in state.revoked() {
        let _ = writeln!(text, "{scope}  {}", clock(epoch));
    }
    Ok(Answer::of(text))
}

fn one(given: &ListRevoked, asked: Scope, own: Option<Epoch>, floor: Epoch) -> Answer {
    if given.store.json.json {
        return Answer::json(&json!({
            "scope": asked.to_string(),
            "revoked_before": own.map(Epoch::as_millis),
            "everyone_before": floor.as_millis(),
        }));
    }
    Answer::of(match own {
        Some(own) => format!(
            "scope {asked}: logged out, sessions sealed before {} do not open\n",
            clock(own)
        ),
        None => format!(
            "scope {asked}: not logged out by itself; everyone's sessions sealed before {} do not \
             open\n",
            clock(floor)
        ),
    })
}

pub(crate) fn rekey(store: &Store) -> Result<Answer, Failure> {
    let (clock, warnings) = store.with(
        |builder| builder,
        |revocations| {
            let state = revocations.list().wait();
            let state = state.map_err(|error| store.unread(&error))?;
            Ok(state.clock())
        },
    )?;
    if let Some(warning) = warnings.first() {
        let text = warning.trim_start_matches("warning: ");
        return Err(store
            .not_done(text)
            .then("may the file be written, and does a key of the ring seal?"));
    }
    let answer = if store.json.json {
        Answer::json(&json!({ "clock": clock.as_millis() }))
    } else {
        let store = store.store.display();
        Answer::of(format!("{store} is under the present sealing key\n"))
    };
    Ok(answer.after_change())
}
