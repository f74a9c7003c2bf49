//! Opening the session of a request: our cookie, or the newest of several, in its `Cookie` headers.

use super::data::SessionData;
use super::{Codec, Context, Session};
use crate::cookie::{self, Candidate};
use crate::error::{OpenError, OpenErrorKind};

impl<T: SessionData> Codec<T> {
    /// Opens the session in the values of a request's `Cookie` headers, of which HTTP/2 allows
    /// several.
    ///
    /// Other cookies are passed over. A browser sends several of our name when they differ in path or
    /// domain, such as after a deploy that changed one of these. Of those that open, the newest session
    /// wins: the one that started last, and then the one that was sealed last. Sixteen are tried at the
    /// most, not counting those that fail before a key is used; and of all headers together the first
    /// 64 KiB are read.
    ///
    /// # Errors
    ///
    /// [`OpenError`]. Where none opens, the kind of the check that came furthest;
    /// [`OpenErrorKind::Missing`] where there is none.
    pub fn open_headers<H: AsRef<[u8]>>(
        &self,
        cookie_headers: impl IntoIterator<Item = H>,
        context: &Context<'_>,
    ) -> Result<Session<T>, OpenError> {
        let mut search = Search {
            codec: self,
            context,
            newest: None,
            failed: None,
            tried: 0,
        };
        let mut left = cookie::MAX_HEADER;
        let mut all_read = true;
        for header in cookie_headers {
            let header = header.as_ref();
            match header.split_at_checked(left) {
                Some((start, rest)) if !rest.is_empty() => {
                    search.through(cookie::whole_pairs(start, rest));
                    all_read = false;
                    break;
                }
                _ => search.through(header),
            }
            left = left.saturating_sub(header.len());
        }
        search.result(all_read)
    }
}

/// What was found so far.
struct Search<'s, 'c, T> {
    codec: &'s Codec<T>,
    context: &'s Context<'c>,
    newest: Option<Session<T>>,
    failed: Option<OpenError>,
    /// For how many a key was used.
    tried: usize,
}

impl<T: SessionData> Search<'_, '_, T> {
    fn through(&mut self, header: &[u8]) {
        for candidate in cookie::find(header, &self.codec.cookie_name) {
            if self.tried == cookie::MAX_TRIED {
                return;
            }
            let opened = match candidate {
                Candidate::Value(value) => self.codec.open(value, self.context),
                Candidate::Joined => Err(OpenErrorKind::Joined.into()),
            };
            match opened {
                Ok(session) => {
                    self.tried = self.tried.saturating_add(1);
                    self.take(session);
                }
                Err(error) => {
                    if error.used_a_key() {
                        self.tried = self.tried.saturating_add(1);
                    }
                    self.failed = Some(self.failed.map_or(error, |former| former.and(error)));
                }
            }
        }
    }

    fn take(&mut self, session: Session<T>) {
        let age = |session: &Session<T>| {
            let claims = session.claims();
            (claims.started_at(), claims.issued_at())
        };
        self.newest = Some(match self.newest.take() {
            Some(other) if age(&other) >= age(&session) => other.beside(session),
            Some(other) => session.beside(other),
            None => session,
        });
    }

    fn result(self, all_read: bool) -> Result<Session<T>, OpenError> {
        if let Some(session) = self.newest {
            let seen = self.failed.and_then(|error| error.authentic_epoch());
            return Ok(session.having_seen(seen));
        }
        Err(match self.failed {
            Some(error) => error,
            // It may stand in what was not read.
            None if !all_read => OpenErrorKind::Malformed.into(),
            None => OpenErrorKind::Missing.into(),
        })
    }
}
