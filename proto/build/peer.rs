//! The peer of a service: how it is called, over the network or in this process, and how it is served for both (ADR 11).
use prost_build::{Method, Service};

/// Its code.
pub(crate) fn source(service: &Service) -> String {
    let Service { name, .. } = service;
    let module = module(name);
    let here = here(service);
    let methods: String = service.methods.iter().map(|method| of_method(service, method)).collect();
    format!(
        r#"
/// `{package}.{proto_name}` as a peer: over the network it is sent bytes, in this process the message itself.
#[derive(Clone, Copy, Debug)]
pub struct {name}Peer<'c>(&'c kit_rpc::GrpcChannel);

impl<'c> {name}Peer<'c> {{
    /// The service behind `channel`.
    #[must_use]
    pub fn new(channel: &'c kit_rpc::GrpcChannel) -> Self {{
        Self(channel)
    }}

    /// Serves it, to other processes and to this one.
    #[must_use]
    pub fn serve(services: kit_rpc::Services, service: impl {module}_server::{name}{streams}) -> kit_rpc::Services {{
        let service = std::sync::Arc::new(service);
        let server = {module}_server::{name}Server::from_arc(service.clone());
        let server = server.max_decoding_message_size(kit_rpc::channel::MESSAGE);
        let here: std::sync::Arc<{here}> = service;
        services.with(server, here)
    }}
{methods}}}
"#,
        package = service.package,
        proto_name = service.proto_name,
        streams = streams(service),
    )
}

fn of_method(service: &Service, method: &Method) -> String {
    let Method { name, input_type, output_type, .. } = method;
    let client = format!("{}_client::{}Client", module(&service.name), service.name);
    let limit = "max_decoding_message_size(kit_rpc::channel::MESSAGE)";
    let over_the_network = format!("{client}::new(self.0.clone()).{limit}.{name}(request).await");
    let mut comment = String::new();
    method.comments.append_with_indent(1, &mut comment);
    if comment.is_empty() {
        comment = format!("    /// Calls `{}`.\n", method.proto_name);
    }
    let (output, body) = match method.server_streaming {
        true => (format!("tonic::codec::Streaming<{output_type}>"), over_the_network),
        false => (output_type.clone(), either_way(service, method, &over_the_network)),
    };
    format!(
        r"
{comment}    ///
    /// # Errors
    /// What it refuses with, and what keeps its answer away.
    pub async fn {name}(
        self,
        request: impl tonic::IntoRequest<{input_type}>,
    ) -> Result<tonic::Response<{output}>, tonic::Status> {{
        let request = request.into_request();
        {body}
    }}
"
    )
}

fn either_way(service: &Service, method: &Method, over_the_network: &str) -> String {
    let path = format!("/{}.{}/{}", service.package, service.proto_name, method.proto_name);
    format!(
        r#"match self.0.here::<std::sync::Arc<{here}>>() {{
            Some((here, service)) => here.call("{path}", request, |request| service.{name}(request)).await,
            None => {over_the_network},
        }}"#,
        here = here(service),
        name = method.name,
    )
}

/// As it is known in its own process.
fn here(service: &Service) -> String {
    format!("dyn {}_server::{}{}", module(&service.name), service.name, streams(service))
}

/// What its streams of answers are, which a service of no certain type has to say.
fn streams(service: &Service) -> String {
    let stream = |Method { proto_name, output_type, .. }: &Method| {
        format!("{proto_name}Stream = tonic::codegen::BoxStream<{output_type}>")
    };
    let streaming = service.methods.iter().filter(|method| method.server_streaming);
    let streams: Vec<_> = streaming.map(stream).collect();
    if streams.is_empty() { String::new() } else { format!("<{}>", streams.join(", ")) }
}

/// `task_service` of `TaskService`.
fn module(name: &str) -> String {
    let mut module = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !module.is_empty() {
            module.push('_');
        }
        module.push(letter.to_ascii_lowercase());
    }
    module
}
