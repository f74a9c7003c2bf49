//! People who sign in, send any of their cookies anywhere and are logged out; and servers that freeze,
//! restart and are cut off meanwhile.

use std::sync::Arc;
use std::time::Duration;

use sealed_session::{Scope, SetCookie};

use super::{Account, Run, Server, USERS};
use crate::truth::Token;

impl Run {
    /// One thing that happens.
    pub(super) fn work(&mut self) {
        let server = self.random(self.servers.len() as u64) as usize;
        match self.random(1000) {
            0..150 => self.sign_in(server),
            150..930 => self.request(server),
            930..950 => self.revoke(server),
            950..965 => {
                // Frozen, and its monotonic clock with it.
                let length = 1 + self.random(60_000);
                let until = self.now() + length;
                let frozen = &mut self.servers[server];
                frozen.frozen_until = until;
                frozen.hands.lock().unwrap().stood_still += length;
            }
            965..980 => self.boot(server),
            _ => {
                let until = self.now() + 1 + self.random(60_000);
                self.world.lock().unwrap().cut_until[server] = until;
            }
        }
    }

    fn sign_in(&mut self, server: usize) {
        let account = Account {
            user: self.random(USERS),
        };
        let thinking = Duration::from_millis(self.random(3000));
        let (sessions, client) = (self.servers[server].sessions.clone(), self.client(server));
        let truth = Arc::clone(&self.truth);
        self.spawn(server, async move {
            let began = client.world.lock().unwrap().now;
            let Ok(sign_in) = sessions.begin_sign_in().await else {
                return;
            };
            // The credentials are checked in this instant, and the answer takes its time.
            let checked = client.world.lock().unwrap().now;
            client.sleep(thinking).await;
            let started = sign_in.start(&account);
            let mut truth = truth.lock().unwrap();
            match started {
                Ok(cookie) => truth.started(account, began, checked, header(&cookie)),
                Err(_) => truth.counts.refused_starts += 1,
            }
        });
    }

    fn request(&mut self, server: usize) {
        let random = self.random(u64::MAX);
        let Some((session, token)) = self.any_token() else {
            return;
        };
        let Server {
            sessions, on_use, ..
        } = &self.servers[server];
        let (sessions, on_use) = (sessions.clone(), *on_use);
        let knowledge = Arc::clone(&self.servers[server].knowledge);
        let (client, truth) = (self.client(server), Arc::clone(&self.truth));
        self.spawn(server, async move {
            if on_use {
                // Where it fails, what is held decides.
                let _ = sessions.revocations().refresh_if_due().await;
            }
            let opened = sessions.open(&token.header);
            {
                let mut truth = truth.lock().unwrap();
                let mut knowledge = knowledge.lock().unwrap();
                if let Some(state) = sessions.revocations().snapshot() {
                    truth.holds(&mut knowledge, &state);
                }
                let verdict = opened.as_ref().map(|_| ()).map_err(|error| error.kind());
                let (now, fresh) = {
                    let world = client.world.lock().unwrap();
                    (world.now, world.fresh[server].0)
                };
                truth.judged(session, &token, verdict, &knowledge, (now, fresh));
            }
            let Ok(opened) = opened else {
                return;
            };
            let served = if random.is_multiple_of(7) {
                20_000
            } else {
                500
            };
            let served = Duration::from_millis((random >> 8) % served);
            client.sleep(served).await;
            match (random >> 40) % 64 {
                0 => {
                    let new = sessions.supersede(&opened, opened.value()).await;
                    if let Ok(cookie) = new {
                        truth.lock().unwrap().superseded(session, header(&cookie));
                    }
                }
                1 => {
                    let own = Scope::session(opened.claims().session_id());
                    if let Ok(clock) = sessions.revoke_session(&opened).await {
                        truth.lock().unwrap().acknowledged(&[own], clock);
                    }
                }
                2..40 => {
                    let renewed = sessions.renew(&opened);
                    let mut truth = truth.lock().unwrap();
                    match renewed {
                        Ok(cookie) => truth.renewed(session, &token, header(&cookie)),
                        Err(_) => truth.counts.refused_renewals += 1,
                    }
                }
                _ => {}
            }
        });
    }

    /// Any copy of a cookie of the last sessions, mostly.
    fn any_token(&self) -> Option<(usize, Token)> {
        let truth = self.truth.lock().unwrap();
        let count = truth.sessions.len() as u64;
        let back = self.random(count.min(40));
        let session = (count.checked_sub(1)? - back) as usize;
        let tokens = &truth.sessions[session].tokens;
        let token = &tokens[self.random(tokens.len() as u64) as usize];
        Some((session, token.clone()))
    }

    fn revoke(&mut self, server: usize) {
        let sessions = self.servers[server].sessions.clone();
        let truth = Arc::clone(&self.truth);
        let account = Account {
            user: self.random(USERS),
        };
        let [user, tenant] = account.scopes();
        let which = self.random(20);
        self.spawn(server, async move {
            let scopes = match which {
                0 => vec![],
                1..3 => vec![tenant],
                3..5 => vec![user, tenant],
                _ => vec![user],
            };
            let result = if scopes.is_empty() {
                sessions.revoke_everyone().await
            } else {
                sessions.revoke(&scopes).await
            };
            if let Ok(clock) = result {
                truth.lock().unwrap().acknowledged(&scopes, clock);
                let held = sessions.revocations().snapshot().unwrap();
                assert!(held.clock() >= clock, "its own change is not held");
            }
        });
    }
}

fn header(cookie: &SetCookie) -> String {
    cookie.as_str().split(';').next().unwrap().to_owned()
}
