//! What the admin client knows of the cluster and when it asks again (`AdminMetadataManager`). It holds nodes and the
//! controller only, never topics.

use base::Micros;
use protocol::Request;
use protocol::messages::{
    DescribeClusterRequest, DescribeClusterResponse, MetadataRequest, MetadataResponse, describe_cluster_response,
};

use crate::config::CommonConfig;
use crate::metadata::{ClusterView, nodes_of};
use crate::node::Node;

/// `EndpointType.CONTROLLER`
pub(crate) const CONTROLLER_ENDPOINTS: i8 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    Quiescent,
    Requested,
    Pending,
}

#[derive(Clone, Debug, Hash)]
pub(crate) struct Refresh {
    pub cluster: ClusterView,
    /// The nodes are controllers, which know no Metadata API.
    pub controllers: bool,
    servers: Vec<(String, u16)>,
    state: State,
    backoff: Micros,
    max_age: Micros,
    last_attempt: Option<Micros>,
    last_update: Option<Micros>,
}

impl Refresh {
    pub fn new(servers: &[(String, u16)], config: &CommonConfig, controllers: bool) -> Refresh {
        Refresh {
            cluster: ClusterView::bootstrap(servers),
            controllers,
            servers: servers.to_vec(),
            state: State::Requested,
            backoff: config.retry_backoff.initial,
            max_age: config.metadata_max_age,
            last_attempt: None,
            last_update: None,
        }
    }

    pub fn request(&mut self) {
        if self.state == State::Quiescent {
            self.state = State::Requested;
        }
    }

    /// Whether the time to ask for metadata has come: it was requested (or is too old, or was never had), and the last
    /// attempt is `retry.backoff.ms` ago.
    pub fn is_due(&self, now: Micros) -> bool {
        let rested = self.last_attempt.is_none_or(|last| now >= last + self.backoff);
        let expired = self.last_update.is_none_or(|last| now >= last + self.max_age);
        match self.state {
            State::Quiescent => rested && expired,
            State::Requested => rested,
            State::Pending => false,
        }
    }

    pub fn on_requested(&mut self, now: Micros) {
        self.state = State::Pending;
        self.last_attempt = Some(now);
    }

    pub fn on_failed(&mut self) {
        self.state = State::Quiescent;
    }

    pub fn on_response(&mut self, response: &MetadataResponse, now: Micros) {
        self.state = State::Quiescent;
        if response.brokers.is_empty() {
            return;
        }
        self.last_update = Some(now);
        self.cluster = ClusterView {
            nodes: nodes_of(response),
            bootstrap: false,
            controller: (response.controller_id >= 0).then_some(response.controller_id),
            cluster_id: response.cluster_id.clone(),
            ..ClusterView::default()
        };
    }

    /// What asks for the nodes.
    pub fn request_body(&self) -> Request {
        match self.controllers {
            true => DescribeClusterRequest { endpoint_type: CONTROLLER_ENDPOINTS, ..Default::default() }.into(),
            false => MetadataRequest { topics: Some(Vec::new()), ..Default::default() }.into(),
        }
    }

    /// The same, answered by controllers.
    pub fn on_controllers(&mut self, response: &DescribeClusterResponse, now: Micros) {
        self.state = State::Quiescent;
        if response.brokers.is_empty() {
            return;
        }
        self.last_update = Some(now);
        let node = |broker: &describe_cluster_response::DescribeClusterBroker| Node {
            id: broker.broker_id,
            host: broker.host.clone(),
            port: u16::try_from(broker.port).unwrap_or(0),
            rack: broker.rack.clone(),
            fenced: false,
        };
        self.cluster = ClusterView {
            nodes: response.brokers.iter().map(|broker| (broker.broker_id, node(broker))).collect(),
            bootstrap: false,
            controller: (response.controller_id >= 0).then_some(response.controller_id),
            cluster_id: Some(response.cluster_id.clone()),
            ..ClusterView::default()
        };
    }

    pub fn rebootstrap(&mut self) {
        self.cluster = ClusterView::bootstrap(&self.servers);
        self.last_update = None;
    }
}
