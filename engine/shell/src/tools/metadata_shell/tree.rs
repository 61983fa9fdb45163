//! The metadata as a tree of folders and texts (`MetadataNode` and its classes).

use cluster::features::{METADATA_VERSION, MetadataVersion};
use cluster::metadata::security::{MECHANISMS, QuotaEntity};
use cluster::metadata::{
    BrokerRegistration, ControllerRegistration, Endpoint, MetadataImage, ResourceType, TopicImage,
};
use protocol::metadata::UserScramCredentialRecord;

/// `AppInfoParser`
const VERSION: &str = "4.3.1";
const COMMIT_ID: &str = "26b251a451ce941d";

/// A folder with its children in the order of their names, or a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    Folder(Vec<(String, Node)>),
    Text(String),
    /// Named by its folder and not found there: the quotas of whoever has none of their own.
    Missing,
}

impl Node {
    pub fn children(&self) -> &[(String, Node)] {
        match self {
            Node::Folder(children) => children,
            Node::Text(_) | Node::Missing => &[],
        }
    }

    pub fn is_folder(&self) -> bool {
        matches!(self, Node::Folder(_))
    }

    /// As `tree` and `cat` print it, each level two spaces deeper.
    pub fn print(&self, level: usize, out: &mut String) {
        let indent = "  ".repeat(level);
        match self {
            Node::Text(text) => out.push_str(&format!("{indent}{text}\n")),
            Node::Missing => {}
            Node::Folder(children) => {
                for (name, child) in children {
                    out.push_str(&format!("{indent}{name}:\n"));
                    child.print(level + 1, out);
                }
            }
        }
    }
}

fn folder<N: Into<String>>(children: impl IntoIterator<Item = (N, Node)>) -> Node {
    let mut children: Vec<(String, Node)> = children.into_iter().map(|(name, node)| (name.into(), node)).collect();
    base::ordered::sort_by(&mut children, |a, b| a.0.cmp(&b.0));
    Node::Folder(children)
}

fn text(text: impl ToString) -> Node {
    Node::Text(text.to_string())
}

/// `provenance`: where the last record stands, its epoch and its time.
pub fn root(image: &MetadataImage, provenance: String) -> Node {
    let security = image.security();
    let scram = |(id, _, name): &(i8, &str, &'static str)| {
        let users = security.scram.iter().filter(|((mechanism, _), _)| mechanism == id);
        (*name, folder(users.map(|((_, user), record)| (user.clone(), credential(record)))))
    };
    let quotas = security.quotas.iter().map(|(entity, values)| {
        let node = match entity.iter().any(|(_, name)| name.is_none()) {
            true => Node::Missing,
            false => folder(values.iter().map(|(key, value)| (key.clone(), text(value)))),
        };
        (entity_name(entity), node)
    });
    let acls = security.acls.values().map(|acl| (acl.id.to_string(), text(cluster::metadata::security::describe(acl))));
    let next_producer_id = match image.next_producer_id() {
        0 => -1,
        next => next,
    };
    let image = folder([
        ("acls", folder([("byId", folder(acls))])),
        ("clientQuotas", folder(quotas)),
        ("cluster", cluster(image)),
        ("configs", configs(image)),
        ("delegationToken", folder::<String>([])),
        ("features", features(image)),
        ("producerIds", folder([("nextProducerId", text(next_producer_id))])),
        ("provenance", Node::Text(provenance)),
        ("scram", folder(MECHANISMS.iter().map(scram))),
        ("topics", topics(image)),
    ]);
    folder([("image", image), ("local", folder([("version", text(VERSION)), ("commitId", text(COMMIT_ID))]))])
}

fn features(image: &MetadataImage) -> Node {
    let version = MetadataVersion::of_level(image.feature(METADATA_VERSION));
    let version = version.map_or("Optional.empty".to_string(), |version| format!("Optional[{}]", version.name()));
    let finalized = image.features().iter().filter(|(name, _)| *name != METADATA_VERSION);
    let finalized = finalized.map(|(name, level)| (format!("finalized_{name}"), text(level)));
    folder(finalized.chain([("metadataVersion".to_string(), Node::Text(version))]))
}

fn cluster(image: &MetadataImage) -> Node {
    folder([
        ("brokers", folder(image.brokers().map(|broker| (broker.id.to_string(), text(describe_broker(broker)))))),
        (
            "controllers",
            folder(
                image
                    .controllers()
                    .map(|controller| (controller.id.to_string(), text(describe_controller(controller)))),
            ),
        ),
    ])
}

fn configs(image: &MetadataImage) -> Node {
    folder(image.config_resources().map(|resource| {
        let kind = match resource.kind {
            ResourceType::Topic => "TOPIC",
            ResourceType::Broker => "BROKER",
            ResourceType::BrokerLogger => "BROKER_LOGGER",
            ResourceType::ClientMetrics => "CLIENT_METRICS",
            ResourceType::Group => "GROUP",
        };
        let name = if resource.name.is_empty() { kind.to_string() } else { format!("{kind}:{}", resource.name) };
        (name, folder(image.configs(resource).iter().map(|(key, value)| (key.clone(), text(value)))))
    }))
}

fn topics(image: &MetadataImage) -> Node {
    let topic = |topic: &TopicImage| {
        let partitions = topic.partitions.iter().map(|(id, partition)| (id.to_string(), text(partition)));
        folder(partitions.chain([("id".to_string(), text(topic.id)), ("name".to_string(), text(&topic.name))]))
    };
    folder([
        ("byId", folder(image.topics().map(|t| (t.id.to_string(), topic(t))))),
        ("byName", folder(image.topics().map(|t| (t.name.clone(), topic(t))))),
    ])
}

/// `clientId(app)_user(alice)`. Kafka leaves the parts without a name out.
fn entity_name(entity: &QuotaEntity) -> String {
    let escape = |name: &str| name.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)");
    let part = |(kind, shown): (&str, &str)| {
        let name = entity.iter().find(|(known, _)| known == kind)?.1.as_ref()?;
        Some(format!("{shown}({})", escape(name)))
    };
    let parts: Vec<String> =
        [("client-id", "clientId"), ("ip", "ip"), ("user", "user")].into_iter().filter_map(part).collect();
    parts.join("_")
}

fn credential(record: &UserScramCredentialRecord) -> Node {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Node::Text(format!(
        "ScramCredentialData(salt={}, storedKey={}, serverKey={}, iterations={})",
        hex(&record.salt),
        hex(&record.stored_key),
        hex(&record.server_key),
        record.iterations
    ))
}

fn endpoints(endpoints: &[Endpoint]) -> String {
    let one = |at: &Endpoint| {
        let protocol = match at.security_protocol {
            0 => "PLAINTEXT",
            1 => "SSL",
            2 => "SASL_PLAINTEXT",
            _ => "SASL_SSL",
        };
        format!(
            "Endpoint(listenerName='{}', securityProtocol={protocol}, host='{}', port={})",
            at.name, at.host, at.port
        )
    };
    endpoints.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn supported<'f>(features: impl Iterator<Item = (&'f String, &'f (i16, i16))>) -> String {
    features.map(|(name, (min, max))| format!("{name}: {min}-{max}")).collect::<Vec<_>>().join(", ")
}

/// `BrokerRegistration.toString`
fn describe_broker(broker: &BrokerRegistration) -> String {
    let list = |ids: &[base::Uuid]| ids.iter().map(|id| id.to_string()).collect::<Vec<_>>().join(", ");
    format!(
        "BrokerRegistration(id={}, epoch={}, incarnationId={}, listeners=[{}], supportedFeatures={{{}}}, rack={}, fenced={}, \
         inControlledShutdown={}, isMigratingZkBroker=false, directories=[{}], cordonedDirectories=[{}])",
        broker.id,
        broker.epoch,
        broker.incarnation_id,
        endpoints(&broker.endpoints),
        supported(broker.features.iter()),
        broker.rack.as_ref().map_or("Optional.empty".to_string(), |rack| format!("Optional[{rack}]")),
        broker.fenced,
        broker.in_controlled_shutdown,
        list(&broker.directories),
        list(broker.cordoned_directories.as_deref().unwrap_or_default())
    )
}

/// `ControllerRegistration.toString`
fn describe_controller(controller: &ControllerRegistration) -> String {
    format!(
        "ControllerRegistration(id={}, incarnationId={}, zkMigrationReady=false, listeners=[{}], supportedFeatures={{{}}})",
        controller.id,
        controller.incarnation_id,
        endpoints(&controller.endpoints),
        supported(controller.features.iter())
    )
}
