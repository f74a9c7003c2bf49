//! `revoke` and `revocations`: who is logged out, in a file store.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use sealed_session::{
    Epoch, FileStore, RefreshError, RevocationEvent, Revocations, RevocationsBuilder, RevokeError,
    Scope, SessionId, UnixTime,
};
use serde_json::{Value, json};

use crate::args::{Create, ListRevoked, Revoke, Store, Who};
use crate::output::{Answer, Failure};

impl Store {
    fn open<R>(
        &self,
        build: impl FnOnce(RevocationsBuilder<'_>) -> RevocationsBuilder<'_>,
        then: impl FnOnce(&Revocations) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let ring = self.keys.load()?;
        let store = FileStore::new(&self.store).on_calling_thread();
        let builder = Revocations::shared(&self.audience.audience, &ring, store);
        then(&build(builder).build().map_err(Failure::input)?)
    }

    fn failed(&self, error: &RevokeError) -> Failure {
        match error {
            RevokeError::Refresh(error) => self.unread(error),
            RevokeError::StoreExists => self
                .not_done(error)
                .then("go on with it; a store is made once in its life"),
            _ => self.not_done(error),
        }
    }

    fn not_done(&self, error: impl std::fmt::Display) -> Failure {
        Failure::not_done(format!("{}: {error}", self.store.display()))
    }

    fn unread(&self, error: &RefreshError) -> Failure {
        let next = match error {
            RefreshError::NoStore => {
                "is it the servers' file? `revocations create` makes a new one"
            }
            _ => "are file, keys and audience those of the servers?",
        };
        self.not_done(error).then(next)
    }
}

pub(crate) fn revoke(given: &Revoke) -> Result<Answer, Failure> {
    let (store, scopes) = match &given.who {
        Who::User { ids, store } => (store, all_of("user", ids)?),
        Who::Scope { kind, ids, store } => (store, all_of(kind, ids)?),
        Who::Session { ids, store } => {
            let scopes = ids.iter().map(|id| session(id)).collect::<Result<_, _>>()?;
            (store, scopes)
        }
        Who::All { store } => (store, Vec::new()),
    };
    let everyone = matches!(given.who, Who::All { .. });
    let epoch = store.open(
        |builder| builder,
        |revocations| {
            let revoked = if everyone {
                revocations.revoke_everyone()
            } else {
                revocations.revoke(&scopes)
            };
            revoked.wait().map_err(|error| store.failed(&error))
        },
    )?;
    if store.json.json {
        let scopes: Vec<String> = scopes.iter().map(Scope::to_string).collect();
        let answer =
            json!({ "revoked_before": epoch.as_millis(), "everyone": everyone, "scopes": scopes });
        return Ok(Answer::json(&answer));
    }
    let who = match (everyone, scopes.len()) {
        (true, _) => "everyone".into(),
        (false, 1) => "1 scope".into(),
        (false, several) => format!("{several} scopes"),
    };
    Ok(Answer::of(format!(
        "logged out {who}: sessions sealed before {} do not open\n",
        clock(epoch)
    )))
}

/// A clock is a time in milliseconds that may be ahead.
fn clock(epoch: Epoch) -> String {
    let millis = epoch.as_millis();
    format!("{millis} ({})", UnixTime::from_millis(millis))
}

fn scope(kind: &str, id: &str) -> Result<Scope, Failure> {
    Scope::new(kind, id)
        .map_err(|error| Failure::usage(&error.to_string(), "use `revoke session`, or --session"))
}

fn all_of(kind: &str, ids: &[String]) -> Result<Vec<Scope>, Failure> {
    ids.iter().map(|id| scope(kind, id)).collect()
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
    let epoch = given.store.open(
        |builder| builder.skew(given.skew),
        |revocations| {
            let created = revocations.create_store_above(seen).wait();
            created.map_err(|error| given.store.failed(&error))
        },
    )?;
    if given.store.json.json {
        return Ok(Answer::json(
            &json!({ "revoked_before": epoch.as_millis() }),
        ));
    }
    Ok(Answer::of(format!(
        "made {}: sessions sealed before {} do not open\n",
        given.store.store.display(),
        clock(epoch)
    )))
}

pub(crate) fn list(given: &ListRevoked) -> Result<Answer, Failure> {
    let asked = match (&given.user, &given.session, given.scope.as_deref()) {
        (Some(id), ..) => Some(scope("user", id)?),
        (_, Some(id), _) => Some(session(id)?),
        (.., Some([kind, id])) => Some(scope(kind, id)?),
        _ => None,
    };
    let state = given.store.open(
        |builder| builder.read_only(),
        |revocations| {
            let state = revocations.list().wait();
            state.map_err(|error| given.store.unread(&error))
        },
    )?;
    if let Some(asked) = asked {
        let before = state.revoked_before(asked);
        if given.store.json.json {
            let answer =
                json!({ "scope": asked.to_string(), "revoked_before": before.as_millis() });
            return Ok(Answer::json(&answer));
        }
        return Ok(Answer::of(format!(
            "scope {asked}: sessions sealed before {} do not open\n",
            clock(before)
        )));
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

pub(crate) fn rekey(store: &Store) -> Result<Answer, Failure> {
    let failure = Arc::new(Mutex::new(None));
    let clock = {
        let failure = Arc::clone(&failure);
        let note = move |event: &RevocationEvent| {
            if let RevocationEvent::NotWrittenAgain(error) = event
                && let Ok(mut failure) = failure.lock()
            {
                *failure = Some(error.clone());
            }
        };
        store.open(
            |builder| builder.on_event(note),
            |revocations| {
                let state = revocations.list().wait();
                let state = state.map_err(|error| store.unread(&error))?;
                Ok(state.clock())
            },
        )?
    };
    if let Ok(failure) = failure.lock()
        && let Some(error) = &*failure
    {
        return Err(store.failed(error));
    }
    if store.json.json {
        return Ok(Answer::json(&json!({ "clock": clock.as_millis() })));
    }
    Ok(Answer::of(format!(
        "{} is under the present sealing key\n",
        store.store.display()
    )))
}
