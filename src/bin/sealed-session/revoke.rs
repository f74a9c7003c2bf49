//! `revoke` and `revocations`: who is logged out.

use std::fmt::Write as _;

use sealed_session::{Epoch, Scope};
use serde_json::{Value, json};

use crate::args::{Create, IdForm, ListRevoked, Revoke, Store, Who};
use crate::ids;
use crate::output::{Answer, Failure, clock};
use crate::owner;

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
            let scopes = ids
                .iter()
                .map(|id| ids::session(id))
                .collect::<Result<_, _>>()?;
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
        None,
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
    Answer::of(match (everyone, scopes.len()) {
        (true, _) => "logged out everyone; sign-ins work from now on\n".to_owned(),
        (false, 1) => format!("logged out 1 scope{TAKES_EFFECT}"),
        (false, several) => format!("logged out {several} scopes{TAKES_EFFECT}"),
    })
}

const TAKES_EFFECT: &str = ": every server refuses their sessions within its refresh interval; who \
     signs in again stays signed in\n";

fn all_of(kind: &str, ids: &[String], form: IdForm) -> Result<Vec<Scope>, Failure> {
    ids.iter().map(|id| ids::scope(kind, id, form)).collect()
}

pub(crate) fn create(given: &Create) -> Result<Answer, Failure> {
    let seen = Epoch::from_millis(given.above);
    let owner = given.owner.as_deref().map(owner::numbers).transpose()?;
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
        owner,
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
        "made {}: everybody who was signed in is signed out; sign-ins work from now on\n",
        given.store.store,
    ))
}

pub(crate) fn list(given: &ListRevoked) -> Result<Answer, Failure> {
    let form = given.form;
    let asked = match (&given.user, &given.session, given.scope.as_deref()) {
        (Some(id), ..) => Some(ids::scope("user", id, form)?),
        (_, Some(id), _) => Some(ids::session(id)?),
        (.., Some([kind, id])) => Some(ids::scope(kind, id, form)?),
        _ => None,
    };
    let (state, _) = given.store.with(
        None,
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
        "present:   {}; it runs some minutes ahead of the time\neveryone:  logged out at {}; \
         whoever signed in after that is not\nscopes:    {}\n",
        clock(state.clock()),
        clock(state.floor()),
        state.len()
    );
    for (scope, epoch) in state.revoked() {
        let _ = writeln!(text, "{scope}  logged out at {}", clock(epoch));
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
            "scope {asked}: logged out at {}; whoever signed in after that is not\n",
            clock(own)
        ),
        None => format!(
            "scope {asked}: not logged out by itself; everyone was, at {}\n",
            clock(floor)
        ),
    })
}

pub(crate) fn rekey(store: &Store) -> Result<Answer, Failure> {
    let (clock, warnings) = store.with(
        None,
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
            .then("can the store be written, and does a key of the ring seal?"));
    }
    let answer = if store.json.json {
        Answer::json(&json!({ "clock": clock.as_millis() }))
    } else {
        Answer::of(format!(
            "{} is under the present sealing key\n",
            store.store
        ))
    };
    Ok(answer.after_change())
}
