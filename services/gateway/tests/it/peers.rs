//! Peers that record what they are asked and answer what they were told to.
mod auth;
mod tasks;

use std::{
    any::Any,
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use gateway::Peers;
use kit_process::Service;
use proto::{
    auth::v1::{
        TrustUpdate, account_service_server::AccountServiceServer,
        session_service_server::SessionServiceServer, trust_service_server::TrustServiceServer,
    },
    tasks::v1::{
        ChangeBatch, change_service_server::ChangeServiceServer,
        project_service_server::ProjectServiceServer, task_service_server::TaskServiceServer,
        trash_service_server::TrashServiceServer, usage_service_server::UsageServiceServer,
    },
};
use tokio::sync::{broadcast, mpsc};
use tonic::{Code, Request, Response, Status, metadata::MetadataMap, service::Routes};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

/// One call as it came.
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) metadata: MetadataMap,
    /// `Debug` of the message.
    pub(crate) message: String,
}

/// Both peers.
pub(crate) struct Fake {
    calls: Mutex<Vec<Call>>,
    outcomes: Mutex<VecDeque<Outcome>>,
    pub(crate) trust: broadcast::Sender<TrustUpdate>,
    pub(crate) snapshot: TrustUpdate,
    pub(crate) batches: Mutex<Option<mpsc::Receiver<Result<ChangeBatch, Status>>>>,
}

/// What becomes of the next call.
pub(crate) enum Outcome {
    Fails(Status),
    Replays,
    Takes(Duration),
    /// Answers with this message, which has to be the call's own.
    Gives(Box<dyn Any + Send>),
    Panics,
}

/// A service's refusal of these fields.
pub(crate) fn invalid(fields: &[(&str, &str)]) -> Outcome {
    let violation =
        |(field, reason): &(&str, &str)| violation(field, reason, "what would be right");
    refused(fields.iter().map(violation).collect())
}

/// A service's refusal of one field, in these words.
pub(crate) fn invalid_as(field: &str, reason: &str, message: &str) -> Outcome {
    refused(vec![violation(field, reason, message)])
}

fn violation(field: &str, reason: &str, message: &str) -> FieldViolation {
    let mut violation = FieldViolation::new(field, message);
    violation.reason = reason.to_owned();
    violation
}

fn refused(violations: Vec<FieldViolation>) -> Outcome {
    let mut details = ErrorDetails::with_error_info("VALIDATION_FAILED", "errand", HashMap::new());
    details.set_bad_request(violations);
    Outcome::Fails(Status::with_error_details(Code::InvalidArgument, "not acceptable", details))
}

impl Fake {
    pub(crate) fn new(snapshot: TrustUpdate) -> Arc<Self> {
        let (calls, outcomes, batches) = (Mutex::default(), Mutex::default(), Mutex::default());
        Arc::new(Self { calls, outcomes, trust: broadcast::channel(16).0, snapshot, batches })
    }

    pub(crate) fn channels(self: &Arc<Self>) -> Peers {
        let auth = Routes::new(AccountServiceServer::from_arc(self.clone()))
            .add_service(SessionServiceServer::from_arc(self.clone()))
            .add_service(TrustServiceServer::from_arc(self.clone()));
        let tasks = Routes::new(TaskServiceServer::from_arc(self.clone()))
            .add_service(ProjectServiceServer::from_arc(self.clone()))
            .add_service(TrashServiceServer::from_arc(self.clone()))
            .add_service(ChangeServiceServer::from_arc(self.clone()))
            .add_service(UsageServiceServer::from_arc(self.clone()));
        Peers {
            auth: Service::grpc("auth", auth, None).channel(),
            tasks: Service::grpc("tasks", tasks, None).channel(),
        }
    }

    /// Says what becomes of the next call.
    pub(crate) fn next(&self, outcome: Outcome) {
        self.outcomes.lock().unwrap().push_back(outcome);
    }

    /// Takes back what was said of the calls to come.
    pub(crate) fn forget(&self) {
        self.outcomes.lock().unwrap().clear();
    }

    /// Takes the last call out.
    pub(crate) fn last(&self) -> Call {
        self.calls.lock().unwrap().pop().expect("a call")
    }

    pub(crate) fn count(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    /// How many of the calls ask for more than what is wrong with them.
    pub(crate) fn acts(&self) -> usize {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|call| !call.metadata.contains_key("validate-only")).count()
    }

    /// Records the call and gives `message`, unless told otherwise.
    async fn answer<Q: std::fmt::Debug, A: 'static>(
        &self,
        name: &'static str,
        request: Request<Q>,
        message: A,
    ) -> Result<Response<A>, Status> {
        let (metadata, _, asked) = request.into_parts();
        self.calls.lock().unwrap().push(Call { name, metadata, message: format!("{asked:?}") });
        let outcome = self.outcomes.lock().unwrap().pop_front();
        let mut response = Response::new(message);
        match outcome {
            Some(Outcome::Fails(status)) => return Err(status),
            Some(Outcome::Replays) => {
                _ = response.metadata_mut().insert("idempotency-replayed", "true".parse().unwrap())
            }
            Some(Outcome::Takes(time)) => tokio::time::sleep(time).await,
            Some(Outcome::Gives(message)) => {
                *response.get_mut() = *message.downcast().expect("an answer to this call")
            }
            Some(Outcome::Panics) => panic!("the secret of the peer"),
            None => {}
        }
        Ok(response)
    }
}
