# A database, a crawler, and the role that it works as.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

provider "aws" {
  region = "us-east-1"
}

locals {
  bucket = "lab-day-16-lake"
  prefix = "raw/orders/"
}
