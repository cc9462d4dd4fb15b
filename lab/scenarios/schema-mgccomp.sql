-- Tables of mgccomp: "Persistent Chat Server compliance tables", Skype for Business Server schema reference.
CREATE TABLE dbo.tblComplianceData (
  cmplEventID bigint NOT NULL CONSTRAINT PK_tblComplianceData PRIMARY KEY,
  entryDate smalldatetime NOT NULL,
  cmplType int NOT NULL,
  cmplTime bigint NOT NULL,
  cmplChannelUri nvarchar(255) NOT NULL,
  cmplChatID bigint NULL,
  cmplUserID int NOT NULL,
  cmplUserUri nvarchar(255) NOT NULL,
  cmplMessage nvarchar(max) NULL
);
CREATE TABLE dbo.tblComplianceFanout (
  fanoutEventID int NULL,
  fanoutServerID int NULL
);
CREATE TABLE dbo.tblComplianceParticipant (
  channelUri nvarchar(255) NOT NULL,
  userId int NOT NULL,
  joinedAt bigint NOT NULL,
  partedAt bigint NULL,
  userUri nvarchar(255) NOT NULL,
  serverID int NULL,
  sessionId bigint NULL,
  CONSTRAINT PK_tblComplianceParticipant PRIMARY KEY (channelUri, userId, joinedAt)
);
CREATE TABLE dbo.tblComplianceState (
  lastProcessedEntryID bigint NOT NULL,
  activeServerID int NOT NULL,
  lockExpirationTime datetime2 NOT NULL
);
INSERT dbo.tblComplianceState (lastProcessedEntryID, activeServerID, lockExpirationTime)
VALUES (0, -1, '20120101');
