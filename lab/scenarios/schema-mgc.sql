-- Tables of mgc, as far as their columns are published: "Persistent Chat Server table details",
-- Skype for Business Server schema reference.
CREATE TABLE dbo.tblConfig (
  configLabel nvarchar(255) NOT NULL CONSTRAINT PK_tblConfig PRIMARY KEY,
  configContent nvarchar(max) NULL,
  configPoolID uniqueidentifier NOT NULL
);
CREATE TABLE dbo.tblSystemRevision (
  sysRevision bigint NOT NULL
);
CREATE TABLE dbo.tblServerIdentity (
  serverID int NOT NULL CONSTRAINT PK_tblServerIdentity PRIMARY KEY,
  serverAddress nvarchar(256) NOT NULL,
  serverLastPingTime datetime NULL
);
CREATE TABLE dbo.tblActivePeers (
  aplServerID int NOT NULL,
  aplPeerID int NOT NULL,
  CONSTRAINT PK_tblActivePeers PRIMARY KEY (aplServerID, aplPeerID)
);
CREATE TABLE dbo.tblPrincipal (
  prinID int NOT NULL CONSTRAINT PK_tblPrincipal PRIMARY KEY,
  prinGuid uniqueidentifier NOT NULL,
  prinUri nvarchar(256) NOT NULL,
  prinName nvarchar(256) NULL,
  prinDisplayName nvarchar(256) NULL,
  prinCompanyName nvarchar(256) NULL,
  prinEmail nvarchar(256) NULL,
  prinADPath nvarchar(384) NULL,
  prinADUserPrincipalName nvarchar(256) NULL,
  prinDisabled smallint NOT NULL,
  prinTypeID smallint NOT NULL,
  prinPoolID int NULL,
  prinPolicyID int NULL,
  prinAddedBy int NULL,
  prinAddedOn bigint NOT NULL,
  prinUpdatedBy int NULL,
  prinUpdatedOn bigint NOT NULL,
  prinVerifiedOn datetime NOT NULL
);
CREATE TABLE dbo.tblNode (
  nodeID int NOT NULL CONSTRAINT PK_tblNode PRIMARY KEY,
  nodeGuid uniqueidentifier NOT NULL,
  parentID int NULL,
  nodeType bit NOT NULL,
  nodeName nvarchar(256) NOT NULL,
  nodeDesc nvarchar(256) NOT NULL,
  invite bit NULL,
  logged bit NULL,
  filePost bit NULL,
  disabled bit NOT NULL,
  behavior smallint NOT NULL,
  visibility smallint NOT NULL,
  siopID uniqueidentifier NULL,
  nodeAddedBy int NOT NULL,
  nodeAddedOn bigint NOT NULL,
  nodeUpdatedBy int NOT NULL,
  nodeUpdatedOn bigint NOT NULL,
  purgedOn datetime NULL
);
CREATE TABLE dbo.tblLastChatId (
  nodeID int NOT NULL CONSTRAINT PK_tblLastChatId PRIMARY KEY,
  lastChatID bigint NOT NULL
);
CREATE TABLE dbo.tblChat (
  channelId int NOT NULL,
  chatId bigint NOT NULL,
  chatDate bigint NOT NULL,
  userId int NOT NULL,
  isAlert bit NOT NULL,
  content nvarchar(max) NOT NULL,
  rtf varchar(max) NULL,
  CONSTRAINT PK_tblChat PRIMARY KEY (channelId, chatId)
);
