//! A recipe: the revocations in DynamoDB, one item of a table, for servers and functions of one region. It runs the
//! checks that a store of one's own should run as a test, on the DynamoDB that the environment names: a local one, or
//! AWS. The table `sessions` has the partition key `id`, a string.
//!
//! ```sh
//! cd tests/stores && AWS_ENDPOINT_URL=http://127.0.0.1:8000 cargo run --example dynamodb_store
//! ```

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata as _, SdkError};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use sealed_session::testing::check_store;
use sealed_session::{
    Loaded, Replaced, RevocationStore, StoreError, StoreErrorKind, StoreFuture, Version,
};

const TABLE: &str = "sessions";
const ID: &str = "revocations";

/// An item has 400 KiB at the most: let `max_entries` be 15,000.
const LONGEST: usize = 390_000;

/// The client of the SDK is made in the runtime that asks.
struct DynamoDbStore(tokio::sync::OnceCell<Client>);

impl DynamoDbStore {
    fn new() -> Self {
        Self(tokio::sync::OnceCell::new())
    }

    async fn client(&self) -> &Client {
        let connect =
            || async { Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await) };
        self.0.get_or_init(connect).await
    }

    async fn load_now(&self, known: Option<&Version>) -> Result<Loaded, StoreError> {
        let client = self.client().await;
        let get = client
            .get_item()
            .table_name(TABLE)
            .key("id", AttributeValue::S(ID.into()))
            // Without it, an older document than one that was acknowledged.
            .consistent_read(true);
        let item = get.send().await.map_err(|error| failed(&error))?.item;
        let Some(mut item) = item else {
            return Ok(Loaded::Absent);
        };
        let mut bytes = |name: &str| match item.remove(name) {
            Some(AttributeValue::B(bytes)) => Ok(bytes.into_inner()),
            _ => Err(StoreError::new(
                StoreErrorKind::Refused,
                "the item is of another kind",
            )),
        };
        let version = Version::from_bytes(&bytes("version")?);
        if known == Some(&version) {
            return Ok(Loaded::NotModified);
        }
        Ok(Loaded::Document {
            bytes: bytes("document")?,
            version,
        })
    }

    async fn replace_now(
        &self,
        expected: Option<&Version>,
        document: Vec<u8>,
    ) -> Result<Replaced, StoreError> {
        if document.len() > LONGEST {
            let text = format!(
                "an item holds {LONGEST} bytes, and the document has {}",
                document.len()
            );
            return Err(StoreError::new(StoreErrorKind::Refused, text));
        }
        // The first 29 bytes end with a nonce, which no other document has.
        let version = document.get(..29).unwrap_or(&document).to_vec();
        let blob = |bytes: &[u8]| AttributeValue::B(Blob::new(bytes));
        let put = self.client().await.put_item().table_name(TABLE);
        let put = put
            .item("id", AttributeValue::S(ID.into()))
            .item("version", blob(&version))
            .item("document", blob(&document));
        let put = match expected {
            None => put.condition_expression("attribute_not_exists(id)"),
            Some(expected) => put
                .condition_expression("version = :expected")
                .expression_attribute_values(":expected", blob(expected.as_bytes())),
        };
        match put.send().await {
            Ok(_) => Ok(Replaced::Done(Version::from_bytes(&version))),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => {
                Ok(Replaced::Conflict)
            }
            Err(error) => Err(failed(&error)),
        }
    }
}

fn failed<E>(error: &SdkError<E>) -> StoreError
where
    E: std::error::Error + aws_sdk_dynamodb::error::ProvideErrorMetadata + 'static,
    SdkError<E>: aws_sdk_dynamodb::error::ProvideErrorMetadata + std::error::Error,
{
    let lasts = [
        "AccessDeniedException",
        "ResourceNotFoundException",
        "UnrecognizedClientException",
        "ValidationException",
    ];
    let kind = if error.code().is_some_and(|code| lasts.contains(&code)) {
        StoreErrorKind::Refused
    } else {
        StoreErrorKind::Unavailable
    };
    StoreError::new(kind, DisplayErrorContext(error).to_string())
}

impl RevocationStore for DynamoDbStore {
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>> {
        Box::pin(self.load_now(known))
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>> {
        Box::pin(self.replace_now(expected, document))
    }
}

fn main() {
    check_store(DynamoDbStore::new);
    println!("it keeps the promises of a store");
}
