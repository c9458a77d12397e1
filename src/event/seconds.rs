//! Times in the JSON form: seconds with millisecond precision.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Whole milliseconds survive exactly in both directions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seconds(pub(super) Duration);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64((self.0.as_secs_f64() * 1000.0).round() / 1000.0)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    /// Negative and absurd numbers are errors, not panics.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        let duration = Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)?;
        // The float may lie just beside the millisecond that was meant.
        let rounded = duration.saturating_add(Duration::from_micros(500));
        let millis = u64::try_from(rounded.as_millis()).map_err(serde::de::Error::custom)?;
        Ok(Self(Duration::from_millis(millis)))
    }
}

/// For `#[serde(with = …)]` on an optional time.
pub(super) mod optional {
    use super::{Deserialize, Deserializer, Duration, Seconds, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "the signature that serde calls")]
    pub(in crate::event) fn serialize<S: Serializer>(
        time: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(Seconds).serialize(serializer)
    }

    pub(in crate::event) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let seconds = Option::<Seconds>::deserialize(deserializer)?;
        Ok(seconds.map(|Seconds(time)| time))
    }
}
