//! Where a bucket is: the parts of its URL, and the settings of its client.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use std::ffi::OsString;

use object_store::ObjectStoreScheme;
use object_store::path::Path;
use url::Url;

use super::super::{StoreError, StoreErrorKind};

/// The variables of the environment that are meant for a bucket. The client would take others, too: `TOKEN`, `ENDPOINT`,
/// `TIMEOUT`, `ALLOW_INVALID_CERTIFICATES`.
pub(super) fn settings_of(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Vec<(String, String)> {
    variables
        .filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            let is_meant = ["AWS_", "GOOGLE_", "AZURE_"]
                .iter()
                .any(|start| name.starts_with(start));
            // What is not text is no setting.
            is_meant.then_some((name, value.into_string().ok()?))
        })
        .collect()
}

/// The parts of a URL: where the bucket is, of which kind, and the object in it.
pub(super) fn parsed(text: &str) -> Result<(Url, ObjectStoreScheme, Path), StoreError> {
    let example = "a URL is such as s3://bucket/path";
    let url = Url::parse(text).map_err(|error| refused(format!("{error}; {example}")))?;
    let (scheme, path) = ObjectStoreScheme::parse(&url).map_err(|_| {
        refused(format!(
            "no bucket has a URL that begins with {}:; {example}",
            url.scheme()
        ))
    })?;
    let feature = match scheme {
        ObjectStoreScheme::AmazonS3 if !cfg!(feature = "s3") => "s3",
        ObjectStoreScheme::GoogleCloudStorage if !cfg!(feature = "gcs") => "gcs",
        ObjectStoreScheme::MicrosoftAzure if !cfg!(feature = "azure") => "azure",
        ObjectStoreScheme::AmazonS3
        | ObjectStoreScheme::GoogleCloudStorage
        | ObjectStoreScheme::MicrosoftAzure => "",
        _ => {
            return Err(refused(format!(
                "{}: is no bucket; {example}",
                url.scheme()
            )));
        }
    };
    if !feature.is_empty() {
        let text = format!("it needs the feature {feature:?} of sealed-session");
        return Err(refused(text));
    }
    let path = Path::parse(path).map_err(|error| refused(format!("{error}; {example}")))?;
    if path.as_ref().is_empty() {
        return Err(refused(format!(
            "the URL names a bucket, and no object in it; {example}"
        )));
    }
    Ok((url, scheme, path))
}

pub(super) fn is_known(scheme: &ObjectStoreScheme, key: &str) -> bool {
    match scheme {
        #[cfg(feature = "s3")]
        ObjectStoreScheme::AmazonS3 => key.parse::<object_store::aws::AmazonS3ConfigKey>().is_ok(),
        #[cfg(feature = "gcs")]
        ObjectStoreScheme::GoogleCloudStorage => {
            key.parse::<object_store::gcp::GoogleConfigKey>().is_ok()
        }
        #[cfg(feature = "azure")]
        ObjectStoreScheme::MicrosoftAzure => {
            key.parse::<object_store::azure::AzureConfigKey>().is_ok()
        }
        _ => false,
    }
}

pub(super) fn refused(text: String) -> StoreError {
    StoreError::new(StoreErrorKind::Refused, text)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::settings_of;

    #[test]
    fn of_the_environment_only_what_is_meant_for_a_bucket_is_taken() {
        let names = [
            "AWS_REGION",
            "GOOGLE_SERVICE_ACCOUNT",
            "AZURE_STORAGE_ACCOUNT_NAME",
            "TOKEN",
            "ENDPOINT",
            "REGION",
            "TIMEOUT",
            "ALLOW_INVALID_CERTIFICATES",
            "MY_AWS_REGION",
        ];
        let variables = names.map(|name| (name.into(), "x".into()));
        let settings = settings_of(variables.into_iter());
        let taken: Vec<_> = settings.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(taken, names[..3]);
    }
}
