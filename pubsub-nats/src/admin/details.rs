//! What a stream holds in detail, and what the account uses.

use std::collections::BTreeMap;

use pubsub_core::{AccountInfo, Result, StreamName, SubjectFilter};

use super::NatsAdmin;
use crate::api::{self, Effect, wire};

impl NatsAdmin {
    pub(super) async fn subjects(
        &self,
        stream: &StreamName,
        filter: &SubjectFilter,
    ) -> Result<Vec<(String, u64)>> {
        self.connection.check_open()?;
        let call = format!("STREAM.INFO.{stream}");
        let mut subjects = BTreeMap::new();
        let mut offset = 0;
        loop {
            let request = wire::DetailsRequest {
                subjects_filter: Some(filter.as_str()),
                offset,
                ..wire::DetailsRequest::default()
            };
            let page: wire::StreamDetails =
                api::call(&self.connection, Effect::Reads, &call, &request).await?;
            let taken = page.state.subjects.len();
            offset += taken;
            subjects.extend(page.state.subjects);
            if taken == 0 || offset >= page.total {
                return Ok(subjects.into_iter().collect());
            }
        }
    }

    pub(super) async fn gaps(&self, stream: &StreamName) -> Result<Vec<u64>> {
        self.connection.check_open()?;
        let call = format!("STREAM.INFO.{stream}");
        let request = wire::DetailsRequest { deleted_details: true, ..wire::DetailsRequest::default() };
        let details: wire::StreamDetails =
            api::call(&self.connection, Effect::Reads, &call, &request).await?;
        // An empty stream names 0 (measured on nats-server 2.15.1), which no message has.
        Ok(details.state.deleted.into_iter().filter(|sequence| *sequence > 0).collect())
    }

    pub(super) async fn account(&self) -> Result<AccountInfo> {
        self.connection.check_open()?;
        Ok(api::account_info(&self.connection).await?.into())
    }
}
